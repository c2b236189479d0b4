import { describe, expect, test } from 'vitest';
import type { Asked } from '../../chaos/api.ts';
import { newNotes, noteAnswer, noteEdit, noteOrder } from '../../chaos/notes.ts';

const answer = (change: Partial<Asked>): Asked => ({
  sentAt: 100,
  answeredAt: 200,
  status: 200,
  left: true,
  data: null,
  ...change,
});
const PAUSED = { paused_at: new Date(150).toISOString(), live: ['a'], unknown: ['b'] };
const notes = () => newNotes({ id: 'id', label: 'case', body: { name: 'case', agent_id: 'agent' } });

describe('what came of an order', () => {
  test.each<[string, Partial<Asked>, 'yes' | 'no' | 'unknown']>([
    ['200: taken', {}, 'yes'],
    ['202: kept, and taken some time', { status: 202 }, 'unknown'],
    ['409: refused', { status: 409 }, 'no'],
    ['503: who knows', { status: 503 }, 'unknown'],
    ['no answer: who knows', { status: null }, 'unknown'],
    ['nobody listened', { status: null, left: false }, 'no'],
  ])('%s', (_name, change, taken) => {
    const noted = notes();
    const order = noteOrder(noted, 'resume', 100);
    expect(order).toMatchObject({ taken: 'unknown', answeredAt: Infinity });
    noteAnswer(noted, order, answer(change));
    noteEdit(noted, { max_concurrent_calls: 1 }, answer(change));
    expect([order.taken, noted.edits[0]?.taken]).toEqual([taken, taken]);
  });
});

describe('a pause', () => {
  test('lasts from its acknowledgement until a resume is sent', () => {
    const noted = notes();
    const order = noteOrder(noted, 'pause', 100);
    noteAnswer(noted, order, answer({ data: PAUSED }));
    expect(noted.pauses).toEqual([
      { acknowledgedAt: 200, pausedAt: 150, resumedAt: Infinity, live: ['a'], unknown: ['b'] },
    ]);
    noteOrder(noted, 'resume', 300);
    noteOrder(noted, 'resume', 400);
    expect(noted.pauses[0]?.resumedAt).toBe(300);
  });

  test('is over at once where a resume was sent while it was asked for', () => {
    const noted = notes();
    const order = noteOrder(noted, 'pause', 100);
    noteOrder(noted, 'resume', 120);
    noteAnswer(noted, order, answer({ data: PAUSED }));
    expect(noted.pauses[0]?.resumedAt).toBe(120);
  });

  test('that is only kept promises nothing', () => {
    const noted = notes();
    noteAnswer(noted, noteOrder(noted, 'pause', 100), answer({ status: 202, data: PAUSED }));
    expect(noted.pauses).toEqual([]);
  });
});
