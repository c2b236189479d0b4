/** How much is done between two turns of the event loop. */

/** Lets `work` run to its end, and returns the most that was counted in any one turn. */
export async function mostPerTurn(work: () => Promise<unknown>, counted: () => number): Promise<number> {
  let most = 0;
  let before = counted();
  const look = () => {
    most = Math.max(most, counted() - before);
    before = counted();
  };
  const turns = everyTurn(look);
  try {
    await work();
  } finally {
    turns.stop();
  }
  look();
  return most;
}

/** How many turns the event loop had while `work` ran. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const turns = everyTurn(() => {
    count += 1;
  });
  try {
    await work();
  } finally {
    turns.stop();
  }
  return count;
}

function everyTurn(look: () => void): { stop(): void } {
  let next = setImmediate(turn);
  function turn() {
    look();
    next = setImmediate(turn);
  }
  return { stop: () => clearImmediate(next) };
}
