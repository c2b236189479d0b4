import { describe, expect, it } from 'vitest';
import { mapInTurns, nextTurn } from '../../contact-files/turns.ts';
import { readJson } from '../../gateway/http/json-body.ts';
import { mostPerTurn } from '../support/probes/turns.ts';

describe('works that go on at the same time', () => {
  const works = Array.from({ length: 20 }, (_, index) => index);

  it('do together no more in one turn of the event loop than one of them alone', async () => {
    let steps = 0;
    const work = async () => {
      await nextTurn();
      return mapInTurns(Array.from({ length: 95 }), 10, () => (steps += 1));
    };
    const most = await mostPerTurn(
      () => Promise.all(works.map(work)),
      () => steps,
    );
    expect(most).toBe(10);
    expect(steps).toBe(works.length * 95);
  });

  it('go on one after another', async () => {
    const order: number[] = [];
    const work = async (index: number) => {
      for (let round = 0; round < 3; round += 1) {
        await nextTurn();
        order.push(index);
      }
    };
    await Promise.all(works.map(work));
    expect(order).toEqual([...works, ...works, ...works]);
  });

  it('are JSON bodies too, of which one piece is parsed in a turn, whatever number came together', async () => {
    const items = Array.from({ length: 2_000 }, (_, index) => ({ name: `person ${index}`, note: 'x'.repeat(50) }));
    const bytes = Buffer.from(JSON.stringify({ contacts: items }));
    let texts = 0;
    const parse = (text: string): unknown => {
      texts += 1;
      return JSON.parse(text);
    };
    const read = async () => (await readJson(bytes, parse)).without(null);
    const most = await mostPerTurn(
      async () => expect(await Promise.all(works.map(read))).toEqual(works.map(() => ({ contacts: items }))),
      () => texts,
    );
    // What is outside of the lists, and the first piece of one.
    expect(most).toBeLessThanOrEqual(2);
  });
});
