/** The circuit breaker of a connection, by examples and properties. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  admit,
  afterAnswer,
  CLOSED,
  concernsBreaker,
  type ConnectionBreaker,
  isOver,
  type Passage,
  troubleTold,
} from '../../../domain/dialling/connection-breaker.ts';
import { type Verdict, verdictOf } from '../../../domain/dialling/connection-verdict.ts';
import type { PlaceResult } from '../../../domain/dialling/provider-messages.ts';

const NOON = Date.UTC(2026, 2, 18, 12);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** In the middle of the range by which pauses are spread. */
const MIDDLE = 0.5;

const WORKS: Verdict = { kind: 'works' };
const fails = (retryAfterMs: number | null = null, reason = 'throttled'): Verdict => ({
  kind: 'fails',
  reason,
  retryAfterMs,
});

/** The breaker of one connection, and dials that ask it. */
class Connection {
  breaker: ConnectionBreaker = CLOSED;
  #dials = 0;

  /** Null: the dial is held. */
  dial(now: number, { callId = `call-${(this.#dials += 1)}`, probeNow = false, random = MIDDLE } = {}): Dialled | null {
    const admission = admit(this.breaker, { callId, probeNow }, now, random);
    this.breaker = admission.breaker;
    return admission.kind === 'passes' ? { callId, ...admission.passage } : null;
  }

  answer({ callId, opening }: Dialled, verdict: Verdict, now: number, random = MIDDLE): void {
    this.breaker = afterAnswer(this.breaker, { callId, opening, verdict }, now, random);
  }

  /** One dial, which must pass, and its answer at once. */
  try(verdict: Verdict, now: number): void {
    this.answer(this.dial(now)!, verdict, now);
  }

  /** How many dials pass now. */
  passing(now: number, most = 100): Dialled[] {
    const passed: Dialled[] = [];
    for (let dialled = this.dial(now); dialled && passed.length < most; dialled = this.dial(now)) passed.push(dialled);
    return passed;
  }
}

interface Dialled extends Passage {
  readonly callId: string;
}

describe('what an answer says about the connection', () => {
  test.each<[string, PlaceResult, Verdict]>([
    ['an accepted call', { kind: 'accepted', providerCallId: 'p' }, WORKS],
    ['a number that is refused', { kind: 'rejected', reason: 'number_refused' }, WORKS],
    ['an agent that is refused', { kind: 'blocked', reason: 'agent_not_found' }, WORKS],
    ['a caller number that is refused', { kind: 'blocked', reason: 'from_number_refused' }, WORKS],
    ['too many requests', { kind: 'throttled', retryAfterMs: 5 }, fails(5)],
    ['no money', { kind: 'blocked', reason: 'payment_required' }, fails(null, 'blocked:payment_required')],
    ['no connection', { kind: 'unavailable', reason: 'ECONNREFUSED' }, fails(null, 'unavailable:ECONNREFUSED')],
    ['an error of the server', { kind: 'unknown', reason: 'http_503' }, fails(null, 'unavailable:http_503')],
    ['a lost reply', { kind: 'unknown', reason: 'timeout' }, { kind: 'doubt', reason: 'unknown:timeout' }],
    ['nothing that was sent', { kind: 'expired' }, { kind: 'nothing' }],
  ])('%s', (_, answer, expected) => {
    expect(verdictOf(answer)).toEqual(expected);
  });
});

const TIMEOUT: Verdict = { kind: 'doubt', reason: 'unknown:timeout' };
const CAMPAIGNS = ['a', 'b', 'c', 'd'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);

describe('a connection without trouble', () => {
  it('lets every dial pass, and the refusal of one call changes nothing', () => {
    const connection = new Connection();
    const [first, second] = connection.passing(NOON, 50);
    connection.answer(first!, WORKS, NOON);
    connection.answer(second!, { kind: 'nothing' }, NOON);
    expect(connection.breaker).toBe(CLOSED);
  });

  const timesOut = (connection: Connection, campaign: number, seq: number) => {
    const dialled = connection.dial(NOON, { callId: `${CAMPAIGNS[campaign]}.${seq}.1` })!;
    connection.answer(dialled, TIMEOUT, NOON);
  };

  it('has some once the calls of three campaigns in a row ended unknown', () => {
    const connection = new Connection();
    for (const [campaign, seq] of [
      [0, 1],
      [0, 2],
      [1, 1],
      [0, 3],
      [1, 2],
    ] as const)
      timesOut(connection, campaign, seq);
    expect(connection.breaker.trouble).toBeNull();
    timesOut(connection, 2, 1);
    expect(connection.breaker).toMatchObject({ opening: 1, trouble: { reason: 'unknown:timeout', times: 1 } });
    expect(connection.breaker.doubtful).toBeUndefined();
    expect(connection.passing(NOON)).toEqual([]);
    expect(connection.passing(NOON + 500)).toHaveLength(1);
  });

  it('has none if the provider answers in between', () => {
    const connection = new Connection();
    timesOut(connection, 0, 1);
    timesOut(connection, 1, 1);
    const dialled = connection.dial(NOON)!;
    expect(concernsBreaker(dialled, WORKS)).toBe(true);
    connection.answer(dialled, WORKS, NOON);
    expect(connection.breaker).toEqual(CLOSED);
    timesOut(connection, 2, 1);
    timesOut(connection, 3, 1);
    expect(connection.breaker.trouble).toBeNull();
  });

  it('is told nothing of calls that were accepted, as long as none ended unknown', () => {
    const dialled = new Connection().dial(NOON)!;
    expect(
      [WORKS, TIMEOUT, fails(), { kind: 'nothing' } as const].map((each) => concernsBreaker(dialled, each)),
    ).toEqual([false, true, true, false]);
  });
});

describe('a failure', () => {
  it('holds all dials until the pause is over, and tells each a slightly different time', () => {
    const connection = new Connection();
    connection.try(fails(10 * SECOND), NOON);
    const told = [0, 0.5, 0.99].map((random) => admit(connection.breaker, { callId: 'x' }, NOON, random));
    expect(told).toMatchObject([{ afterMs: 10_000 }, { afterMs: 10_500 }, { afterMs: 10_990 }]);
    expect(connection.passing(NOON + 10 * SECOND - 1)).toEqual([]);
    expect(connection.passing(NOON + 10 * SECOND)).toHaveLength(1);
  });

  it('of calls that were dialled together counts once', () => {
    const connection = new Connection();
    for (const dialled of connection.passing(NOON, 50)) connection.answer(dialled, fails(), NOON);
    expect(connection.breaker).toMatchObject({ opening: 1, trouble: { failures: 1, times: 1, openUntil: NOON + 500 } });
  });

  it('of a call that was dialled before lengthens the pause only if the provider asks for it', () => {
    const connection = new Connection();
    const [first, second, third] = connection.passing(NOON, 3);
    connection.answer(first!, fails(20 * SECOND), NOON);
    connection.answer(second!, fails(5 * SECOND), NOON);
    expect(connection.breaker.trouble).toMatchObject({ openUntil: NOON + 20 * SECOND });
    connection.answer(third!, fails(30 * SECOND), NOON);
    expect(connection.breaker.trouble).toMatchObject({ openUntil: NOON + 30 * SECOND, times: 1 });
  });

  test.each<[string, Verdict, number[]]>([
    ['half a second', fails(), [0.5, 1, 2, 4, 8, 16, 32, 60, 60]],
    ['a minute where the account is blocked', fails(null, 'blocked:payment_required'), [60, 120, 240, 300, 300]],
  ])('after each pause doubles the next one, from %s', (_, verdict, expected) => {
    const connection = new Connection();
    let now = NOON;
    const pauses = expected.map(() => {
      connection.try(verdict, now);
      const pauseS = (connection.breaker.trouble!.openUntil - now) / SECOND;
      now = connection.breaker.trouble!.openUntil;
      return pauseS;
    });
    expect(pauses).toEqual(expected);
    expect(troubleTold(connection.breaker)).toEqual({
      reason: expect.any(String),
      since: NOON,
      times: expected.length,
    });
  });

  it('of half a second needs nobody', () => {
    const connection = new Connection();
    connection.try(fails(), NOON);
    expect(troubleTold(connection.breaker)).toBeNull();
  });
});

describe('a success', () => {
  it('of a call that was dialled before the trouble does not end it', () => {
    const connection = new Connection();
    const [first, second] = connection.passing(NOON, 2);
    connection.answer(first!, fails(), NOON);
    connection.answer(second!, WORKS, NOON + SECOND);
    expect(connection.breaker.trouble).toMatchObject({ atOnce: 1, succeededAt: null });
  });

  it('of the probe lets two dials run at a time, then four, and in the end any number', () => {
    const connection = new Connection();
    connection.try(fails(), NOON);
    const now = NOON + SECOND;
    const passed: number[] = [];
    while (connection.breaker.trouble) {
      const dialled = connection.passing(now);
      passed.push(dialled.length);
      for (const each of dialled) connection.answer(each, WORKS, now);
    }
    expect(passed).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });

  it('ends the slow start early where no dial has to wait', () => {
    const connection = new Connection();
    connection.try(fails(), NOON);
    let tries = 0;
    for (; connection.breaker.trouble; tries += 1) connection.try(WORKS, NOON + SECOND);
    expect(tries).toBe(15);
  });

  it('makes the next pause short again', () => {
    const connection = new Connection();
    for (const at of [NOON, NOON + SECOND]) connection.try(fails(), at);
    connection.try(WORKS, NOON + MINUTE);
    connection.try(fails(), NOON + MINUTE);
    expect(connection.breaker.trouble).toMatchObject({ times: 3, failures: 1, openUntil: NOON + MINUTE + 500 });
  });

  it('ends the trouble a minute later, if no call is placed since', () => {
    const connection = new Connection();
    connection.try(fails(), NOON);
    connection.try(WORKS, NOON + SECOND);
    expect(isOver(connection.breaker.trouble!, NOON + MINUTE)).toBe(false);
    expect(isOver(connection.breaker.trouble!, NOON + SECOND + MINUTE)).toBe(true);
    connection.try(WORKS, NOON + HOUR);
    expect(connection.breaker.trouble).toBeNull();
  });
});

describe('a probe', () => {
  const inTrouble = () => {
    const connection = new Connection();
    connection.try(fails(), NOON);
    return connection;
  };

  it('whose worker dies is given to another call when its try is over', () => {
    const connection = inTrouble();
    expect(connection.dial(NOON + SECOND)).not.toBeNull();
    expect(connection.dial(NOON + 31 * SECOND - 1)).toBeNull();
    expect(connection.passing(NOON + 31 * SECOND)).toHaveLength(1);
  });

  it('is given to another call at once if it sends nothing', () => {
    const connection = inTrouble();
    connection.try({ kind: 'nothing' }, NOON + SECOND);
    expect(connection.passing(NOON + SECOND)).toHaveLength(1);
  });

  it('fails if its outcome is unknown', () => {
    const connection = inTrouble();
    connection.try(TIMEOUT, NOON + SECOND);
    expect(connection.breaker.trouble).toMatchObject({ reason: 'unknown:timeout', failures: 2 });
  });

  it('may come before the end of the pause if a person asks for it, and only one at a time', () => {
    const connection = new Connection();
    connection.try(fails(HOUR), NOON);
    const probeNow = true;
    expect(connection.dial(NOON + SECOND)).toBeNull();
    const probe = connection.dial(NOON + SECOND, { probeNow });
    expect(connection.dial(NOON + SECOND, { probeNow })).toBeNull();
    connection.answer(probe!, WORKS, NOON + 2 * SECOND);
    expect(connection.passing(NOON + 2 * SECOND)).toHaveLength(2);
  });
});

it('holds nobody for the time by which the clock was set back', () => {
  const connection = new Connection();
  connection.try(fails(HOUR), NOON);
  expect(connection.passing(NOON - 24 * HOUR)).toHaveLength(1);
});

describe('whatever happens', () => {
  type Event =
    | { readonly kind: 'dial' }
    | { readonly kind: 'wait'; readonly ms: number }
    | { readonly kind: 'answer'; readonly which: number; readonly verdict: Verdict };

  const verdict: fc.Arbitrary<Verdict> = fc.oneof(
    fc.constant(WORKS),
    fc.constant<Verdict>({ kind: 'nothing' }),
    fc.constant(TIMEOUT),
    fc.option(fc.integer({ min: 500, max: HOUR })).map((retryAfterMs) => fails(retryAfterMs)),
    fc.constant(fails(null, 'blocked:payment_required')),
  );
  const events = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Event>({ kind: 'dial' }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(), verdict }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('wait' as const),
          ms: fc.oneof(fc.nat(3 * SECOND), fc.nat(HOUR)),
        }),
      },
    ),
    { maxLength: 80 },
  );

  it('one probe runs at a time, the slow start and the wish of the provider are kept, and no pause is for ever', () => {
    fc.assert(
      fc.property(events, (happening) => {
        const connection = new Connection();
        let now = NOON;
        let askedToWaitUntil = 0;
        const underWay: (Dialled & { readonly at: number })[] = [];
        for (const event of happening) {
          if (event.kind === 'wait') now += event.ms;
          if (event.kind === 'dial') {
            const { trouble } = connection.breaker;
            const dialled = connection.dial(now);
            if (!dialled) continue;
            expect(now).toBeGreaterThanOrEqual(askedToWaitUntil);
            const { opening } = dialled;
            const others = underWay.filter(
              (each) => each.opening === opening && each.hasTurn && now < each.at + 30 * SECOND,
            );
            if (trouble) expect(others.length).toBeLessThan(trouble.atOnce);
            underWay.push({ ...dialled, at: now });
          }
          if (event.kind === 'answer' && underWay.length > 0) {
            const [dialled] = underWay.splice(event.which % underWay.length, 1);
            const { opening, trouble } = connection.breaker;
            connection.answer(dialled!, event.verdict, now);
            if (dialled!.opening < opening) {
              expect(connection.breaker.opening).toBe(opening);
              expect(connection.breaker.trouble?.failures).toBe(trouble?.failures);
            }
            const isHeard = connection.breaker.trouble !== null && event.verdict.kind === 'fails';
            if (isHeard) askedToWaitUntil = Math.max(askedToWaitUntil, now + (event.verdict.retryAfterMs ?? 0));
          }
        }
        // Every worker dies. A dial that comes when it is told passes after the longest pause at the latest.
        const last = now + HOUR + 31 * SECOND;
        while (connection.dial(now, { callId: 'the last' }) === null) {
          const told = admit(connection.breaker, { callId: 'the last' }, now, 0.123);
          now += told.kind === 'held' ? told.afterMs : 0;
          expect(Number.isInteger(now)).toBe(true);
          expect(now).toBeLessThan(last + 10 * SECOND);
        }
      }),
    );
  });
});

describe('an outage of ten minutes', () => {
  /** Requests that reach the provider, where so many campaigns dial as soon as they may. */
  function requests(campaigns: number, connections: readonly Connection[]): number {
    const end = NOON + 10 * MINUTE;
    const next = Array.from({ length: campaigns }, () => NOON);
    let sent = 0;
    for (let now = NOON; now < end; now = Math.min(...next)) {
      const who = next.indexOf(now);
      const connection = connections[who % connections.length]!;
      const random = ((who * 7 + sent) % 10) / 10;
      const dialled = connection.dial(now, { random });
      if (dialled) {
        sent += 1;
        connection.answer(dialled, fails(null, 'unavailable:ECONNREFUSED'), now, random);
      }
      const told = admit(connection.breaker, { callId: 'next' }, now, random);
      next[who] = now + Math.max(1, told.kind === 'held' ? told.afterMs : 0);
    }
    return sent;
  }

  it('costs ten campaigns on a connection few requests, where they would send ten times as many each by itself', () => {
    const together = requests(10, [new Connection()]);
    const apart = requests(
      10,
      Array.from({ length: 10 }, () => new Connection()),
    );
    expect(together).toBeLessThanOrEqual(20);
    expect(apart).toBeGreaterThanOrEqual(8 * together);
  });
});
