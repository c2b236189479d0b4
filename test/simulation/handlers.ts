/**
 * Update handlers on virtual time. A handler is a generator that yields what it waits for, as `condition()` does in
 * workflows/handlers.ts.
 */
export interface Wait {
  readonly until: () => boolean;
  /** Goes on after this time at the latest, whether the condition holds or not. Milliseconds; none: waits for ever. */
  readonly withinMs?: number;
}
export type Handler = Generator<Wait, void, void>;

interface OpenHandler {
  readonly steps: Handler;
  wait: Wait;
  givesUpAt: number;
}

export class Handlers {
  private readonly open = new Set<OpenHandler>();

  get finished(): boolean {
    return this.open.size === 0;
  }

  /** When the first of them stops waiting; null: none will by itself. */
  get nextAt(): number | null {
    const next = Math.min(Infinity, ...[...this.open].map(({ givesUpAt }) => givesUpAt));
    return next === Infinity ? null : next;
  }

  start(steps: Handler, now: number): void {
    const first = steps.next();
    if (!first.done) this.open.add({ steps, wait: first.value, givesUpAt: now + (first.value.withinMs ?? Infinity) });
  }

  /** Lets every handler go on as far as it can. */
  poll(now: number): void {
    for (const handler of this.open) {
      while (handler.wait.until() || now >= handler.givesUpAt) {
        const next = handler.steps.next();
        if (next.done) {
          this.open.delete(handler);
          break;
        }
        handler.wait = next.value;
        handler.givesUpAt = now + (next.value.withinMs ?? Infinity);
      }
    }
  }
}
