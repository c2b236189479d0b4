/**
 * Long work in short parts. Between two parts the event loop has a turn, in which everything else is served. A part
 * ends after a number of steps, not after a time, so that it is as long on a busy machine as on an idle one. There is
 * one part per turn: with one part of each request, a hundred large requests would make each turn a hundred times as
 * long.
 */
const waiting: (() => void)[] = [];

/** Await it before each further part. Waiting works continue in the order in which they came. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(letOneGoOn);
  });
}

function letOneGoOn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(letOneGoOn);
}

/** Counts the steps of one work. */
export class Turns {
  #left: number;

  /** @param most steps of one part */
  constructor(private readonly most: number) {
    this.#left = most;
  }

  /** Await it after each step. */
  async step(): Promise<void> {
    this.#left -= 1;
    if (this.#left > 0) return;
    this.#left = this.most;
    await nextTurn();
  }
}

/** Takes all steps of a generator, `most` of them in one turn of the event loop, and returns its result. */
export async function inTurns<R>(steps: Generator<void, R, void>, most: number): Promise<R> {
  const turns = new Turns(most);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await turns.step();
  }
}

/** The same as `items.map(work)`, of which `most` items are done in one turn of the event loop. */
export async function mapInTurns<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T, index: number) => R,
): Promise<R[]> {
  const turns = new Turns(most);
  const done: R[] = [];
  for (const [index, item] of items.entries()) {
    done.push(work(item, index));
    await turns.step();
  }
  return done;
}
