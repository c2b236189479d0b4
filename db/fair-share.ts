/**
 * Places of which nobody may take all. A holder is given one more only while it holds fewer than are free: alone it gets half
 * of them, the next one half of the rest, and somebody who holds none finds one as long as any is left.
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

  /** What one holder gets where there is no other. */
  get most(): number {
    return Math.ceil(this.#capacity / 2);
  }

  /** Takes a place at once. Returns how to give it back, or null when the holder must wait. */
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

  /** Takes a place as soon as there is one. Null when there was none in time. */
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
    // In the order in which they came; those who hold too many are passed over.
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
