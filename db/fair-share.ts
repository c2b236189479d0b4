/**
 * Places that several holders share, and of which none may take all. A holder gets another place only while it holds
 * fewer than are free. Alone it gets half of them, the next holder half of the rest, and a holder without a place finds
 * one as long as any is free.
 */
export class FairShare {
  readonly #capacity: number;
  readonly #held = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #free: number;

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
    this.#free = this.#capacity;
  }

  /** The places of a holder that is alone. */
  get most(): number {
    return Math.ceil(this.#capacity / 2);
  }

  /** Takes a place immediately. Returns a function that gives it back, or null if the holder must wait. */
  tryTake(holder: string): (() => void) | null {
    const held = this.#held.get(holder) ?? 0;
    if (held >= this.#free) return null;
    this.#held.set(holder, held + 1);
    this.#free -= 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#giveBack(holder);
    };
  }

  /** Takes a place as soon as one is free. Null if none was free in time. */
  async take(holder: string, withinMs: number): Promise<(() => void) | null> {
    const place = this.tryTake(holder);
    if (place) return place;
    return new Promise((resolve) => {
      const waiting: Waiting = { holder, resolve, timer: undefined };
      waiting.timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(null);
      }, withinMs);
      this.#waiting.push(waiting);
    });
  }

  #giveBack(holder: string): void {
    const held = (this.#held.get(holder) ?? 0) - 1;
    if (held > 0) this.#held.set(holder, held);
    else this.#held.delete(holder);
    this.#free += 1;
    // In the order of arrival. Holders with too many places are skipped.
    for (const waiting of this.#waiting.splice(0)) {
      const place = this.tryTake(waiting.holder);
      if (place) {
        clearTimeout(waiting.timer);
        waiting.resolve(place);
      } else this.#waiting.push(waiting);
    }
  }
}

interface Waiting {
  readonly holder: string;
  readonly resolve: (place: (() => void) | null) => void;
  timer: NodeJS.Timeout | undefined;
}
