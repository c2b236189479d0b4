import { Queue } from '../../domain/forecast/queue.ts';

/** Time that passes by itself from one thing that happens to the next. Epoch milliseconds. */
export class VirtualClock {
  private readonly due = new Queue<() => void>();
  private scheduled = 0;

  constructor(private instant: number) {}

  get now(): number {
    return this.instant;
  }

  /** Runs `happens` this much later; of two at one instant, the one that was asked for first comes first. */
  after(delayMs: number, happens: () => void): void {
    this.at(this.instant + delayMs, happens);
  }

  at(instant: number, happens: () => void): void {
    this.scheduled += 1;
    this.due.push(Math.max(this.instant, Math.round(instant)), this.scheduled, happens);
  }

  /** Moves to the next thing that happens; false when nothing will ever happen again. */
  step(): boolean {
    const next = this.due.pop();
    if (!next) return false;
    this.instant = next.at;
    next.value();
    return true;
  }
}
