/** A priority queue: the earliest item comes first and, of equals, the one with the lower order. */
export class Queue<T> {
  private readonly heap: { readonly at: number; readonly order: number; readonly value: T }[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** The first item. */
  get head(): { readonly at: number; readonly value: T } | undefined {
    return this.heap[0];
  }

  push(at: number, order: number, value: T): void {
    const { heap } = this;
    const item = { at, order, value };
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent]!;
      if (above.at < at || (above.at === at && above.order <= order)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = item;
  }

  pop(): { readonly at: number; readonly value: T } | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
