/**
 * Campaigns that are brought to the turns in which a constant of the engine decides, so that another value of the constant
 * does not replay. Where a time decides, the campaign takes one turn before it, in which a shorter time would have passed,
 * and one when it has passed, in which a longer one would not have. `test/replay/constants.test.ts` lists the constants.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { Answer } from '../../support/fakes/scripted-provider.ts';
import type { Campaign } from '../../support/harness/workflow-harness.ts';
import { runToEnd } from '../../support/harness/server-clock.ts';
import { cancelUpdate, pauseSignal, resumeSignal } from '../../../workflows/messages.ts';
import {
  ACCEPT,
  cancelPlacements,
  edit,
  ENDS,
  endedWith,
  live,
  type Scenario,
  type Sleep,
  takeRecordedTurns,
  takeTurn,
  until,
} from './steps.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Shorter than the age at which a call is older than usual. */
const SHORT_LIFETIME_MS = 2 * MINUTE_MS;

export const THRESHOLDS: readonly Scenario[] = [
  {
    name: 'eighty-slots',
    server: 'real',
    async run(harness) {
      const { provider } = harness;
      const gate = new Gate();
      provider.script = async () => {
        if (provider.requests.length > 8 + 20) await gate.opened;
        return ACCEPT;
      };
      const campaign = await harness.start(300, { max_concurrent_calls: 80 });
      // The window opens with eight placements. Soon forty are under way at once, and never more.
      await until(campaign, ({ in_flight }) => in_flight === 28 + 40);
      await campaign.end(provider.live().slice(0, 20));
      await until(campaign, ({ in_flight }) => in_flight === 8 + 40);
      gate.open();
      await live(campaign, 80);
      // Nineteen ends are not worth an exchange, and the twentieth is.
      await campaign.end(provider.live().slice(0, 19));
      await live(campaign, 80);
      await campaign.end(provider.live().slice(0, 1));
      await live(campaign, 80);
      return cancelled(campaign);
    },
  },
  {
    name: 'contacts-come',
    server: 'real',
    async run(harness) {
      harness.provider.script = () => ENDS;
      const campaign = await harness.start(1, { open_ended: true });
      await until(campaign, ({ buckets }) => buckets.completed === 1);
      // The last exchange is long ago, so the first contact is looked for at once, and the second one two seconds later.
      await pause(2.5 * SECOND_MS);
      await campaign.add(1);
      await pause(1.5 * SECOND_MS);
      await campaign.add(2);
      await until(campaign, ({ buckets }) => buckets.completed === 3);
      await edit(campaign, { open_ended: false });
      return endedWith(campaign);
    },
  },
  {
    name: 'slow-start',
    server: 'real',
    // Eight are the placements with which the window opens.
    run: (harness) => cancelPlacements(harness, { people: 12, slots: 12, placing: 8 }),
  },
  {
    name: 'busy-connection',
    server: 'real',
    options: { limits: { callsPerSecond: 2 } },
    async run(harness) {
      harness.provider.script = () => ENDS;
      await harness.stopDials();
      const campaign = await harness.start(10, { max_concurrent_calls: 10 });
      // What is dialled in two seconds is under way, and one more.
      await until(campaign, ({ in_flight }) => in_flight === 5);
      // All five are told to come later. Then one call is placed at a time, and soon more.
      await harness.pool.query(
        `insert into connections (name, next_at) values ($1, clock_timestamp() + interval '4 seconds')
         on conflict (name) do update set next_at = excluded.next_at`,
        [harness.provider.name],
      );
      await harness.startDials();
      await until(campaign, ({ waiting_for }) => waiting_for === 'connection');
      return endedWith(campaign);
    },
  },
  reserveOf({ name: 'small-reserve', slots: 12, reserve: 40 }),
  reserveOf({ name: 'large-reserve', slots: 260, reserve: 500 }),
  {
    name: 'half-a-minute',
    server: 'skipping',
    async run(harness, sleep) {
      // A call that is live is written down after half a minute, and not when another one ends before.
      const campaign = await harness.start(4, { max_concurrent_calls: 2 });
      await live(campaign, 2);
      await sleep(22 * SECOND_MS);
      await campaign.end([campaign.callId(1)]);
      await live(campaign, 2);
      await sleep(10 * SECOND_MS);
      await takeTurn(campaign);
      return endedWith(campaign);
    },
  },
  {
    name: 'look-ups-of-many',
    server: 'real',
    options: { facts: { callLifetimeMs: 15 * SECOND_MS }, graceMs: 20 * MINUTE_MS },
    async run(harness, sleep) {
      harness.provider.lookUpScript = (callId) => {
        const { call_id, outcome, ended_at: endedAt } = harness.provider.end(callId);
        return { kind: 'ended', providerCallId: `provider-${call_id}`, outcome, endedAt };
      };
      const campaign = await harness.start(101, { max_concurrent_calls: 50 });
      // Fifty calls are looked up at once, and of fifty-one the last one by itself.
      for (const slots of [50, 51]) {
        if (slots > 50) await edit(campaign, { max_concurrent_calls: slots });
        await live(campaign, slots);
        // No worker takes a turn meanwhile, so that all are due in one.
        await harness.stopWorkers();
        await sleep(16 * SECOND_MS);
        await harness.startWorkers();
        await until(campaign, () => harness.provider.lookedUp.length >= slots);
      }
      return endedWith(campaign);
    },
  },
  {
    name: 'calls-without-news',
    server: 'skipping',
    // Over before it is older than usual, so that no routine look-up comes before the end of its time.
    options: { facts: { callLifetimeMs: SHORT_LIFETIME_MS }, graceMs: 30 * MINUTE_MS },
    async run(harness, sleep) {
      const { provider } = harness;
      provider.lookUpScript = () => ({ kind: 'unknown', reason: 'not_found' });
      const campaign = await harness.start(1, { max_concurrent_calls: 1 });
      await live(campaign, 1);
      let startedAt = await harness.time();
      /** The next look-up comes after so many seconds. Long pauses have turns in them. */
      const nextLookUp = async (seconds: number) => {
        const count = provider.lookedUp.length + 1;
        if (seconds > 10) {
          await sleep(0.75 * seconds * SECOND_MS);
          if (seconds < 100) await takeRecordedTurns(campaign);
        }
        const left = startedAt + seconds * SECOND_MS - (await harness.time());
        await sleep(Math.max(left, 0) + 100);
        await until(campaign, () => provider.lookedUp.length >= count);
        startedAt = await harness.time();
      };
      await nextLookUp(SHORT_LIFETIME_MS / SECOND_MS);
      // The pause after a look-up that teaches nothing is twice as long each time, and a minute at most.
      for (const seconds of [2, 4, 8, 16, 32, 60]) await nextLookUp(seconds);
      provider.lookUpScript = null;
      await nextLookUp(60);
      // Live, it is asked about a minute later.
      await nextLookUp(60);
      return endedWith(campaign);
    },
  },
  olderThanUsual(),
  queuedPastTheEnd(),
  {
    name: 'nobody-to-ask',
    server: 'skipping',
    options: { facts: { callLifetimeMs: SHORT_LIFETIME_MS } },
    async run(harness, sleep) {
      const { provider } = harness;
      provider.lookUpScript = () => {
        throw new Error('the adapter failed');
      };
      const campaign = await harness.start(1, { max_concurrent_calls: 1 });
      await live(campaign, 1);
      await sleep(SHORT_LIFETIME_MS + SECOND_MS);
      await until(campaign, () => provider.lookedUp.length === 1);
      // It is asked about every fifteen seconds, and kept for a quarter of an hour past its time.
      await sleep(11 * SECOND_MS);
      await takeRecordedTurns(campaign);
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'provider-down',
    server: 'skipping',
    async run(harness, sleep) {
      const answers: Answer[] = [
        // Trouble of the campaign alone. The connection decides how long its own trouble lasts.
        ...Array.from({ length: 4 }, (): Answer => ({ kind: 'blocked', reason: 'agent_not_found' })),
        ENDS,
        // A request and its repeats. The last one is to come again in three hours.
        ...Array.from({ length: 9 }, (): Answer => ({ kind: 'unknown', reason: 'timeout' })),
        { kind: 'throttled', retryAfterMs: 3 * HOUR_MS },
      ];
      harness.provider.script = () => answers.shift() ?? ENDS;
      const campaign = await harness.start(3, { max_concurrent_calls: 1 });
      await throughWaits(campaign, sleep);
      return endedWith(campaign);
    },
  },
  {
    name: 'account-trouble',
    server: 'skipping',
    async run(harness, sleep) {
      const { provider } = harness;
      provider.script = ({ seq, attempt }) =>
        seq === 1 && attempt === 1
          ? { kind: 'ends', outcome: 'failed', accountFault: 'blocked:payment_required' }
          : ACCEPT;
      const campaign = await harness.start(3, { max_concurrent_calls: 1 });
      await until(campaign, ({ waiting_for }) => waiting_for === 'provider');
      await edit(campaign, { max_concurrent_calls: 3 });
      // After a minute one call is placed. The next one waits for half a minute, until a fault would have shown.
      await sleep(61 * SECOND_MS);
      await live(campaign, 1);
      await sleep(24 * SECOND_MS);
      await takeRecordedTurns(campaign);
      await sleep(7 * SECOND_MS);
      await live(campaign, 2);
      provider.script = () => ENDS;
      await campaign.end(provider.live());
      // The contact whose call did not take place is called again.
      await sleep(10 * MINUTE_MS);
      return endedWith(campaign);
    },
  },
  {
    name: 'slow-system',
    server: 'skipping',
    async run(harness, sleep) {
      // The try had no time left to send when it came to it.
      const answers = Array.from({ length: 7 }, (): Answer => ({ kind: 'expired' }));
      harness.provider.script = () => answers.shift() ?? ENDS;
      const campaign = await harness.start(1, { max_concurrent_calls: 1 });
      await throughWaits(campaign, sleep);
      return endedWith(campaign);
    },
  },
  windowlessCampaign(),
  {
    name: 'one-window-a-day',
    server: 'skipping',
    async run(harness, sleep) {
      harness.provider.script = () => ENDS;
      // Opens tomorrow, more than a day ahead, for an hour; then every day, less than a day ahead.
      const opensAt = (await harness.time()) + 27 * HOUR_MS;
      const campaign = await harness.start(2, {
        timezone: 'UTC',
        start_time: `${iso(opensAt).slice(11, 13)}:00`,
        end_time: `${iso(opensAt + HOUR_MS).slice(11, 13)}:00`,
        blackout_dates: [iso(opensAt - 24 * HOUR_MS).slice(0, 10)],
        max_calls_per_day: 1,
      });
      await throughWaits(campaign, sleep);
      return endedWith(campaign);
    },
  },
  {
    name: 'near-retries',
    server: 'skipping',
    async run(harness, sleep) {
      harness.provider.script = ({ attempt }) => (attempt < 3 ? { kind: 'ends', outcome: 'busy' } : ENDS);
      // Less than a minute is not worth telling the database, and more is.
      const campaign = await harness.start(1, { max_retry_attempts: 2, retry_delay_minutes: [0.75, 1.5] });
      await throughWaits(campaign, sleep);
      return endedWith(campaign);
    },
  },
  {
    name: 'many-commands',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(3, { max_concurrent_calls: 1 });
      await live(campaign, 1);
      const { handle } = campaign;
      const is = (status: string) => until(campaign, (progress) => progress.status === status);
      await handle.signal(pauseSignal, 'the first');
      await is('paused');
      // Forty-nine others, after which the first one is still known, and a fiftieth, after which it is not.
      for (let other = 1; other <= 49; other += 1) await handle.signal(resumeSignal, `other ${other}`);
      await is('active');
      await handle.signal(pauseSignal, 'the first');
      await campaign.end([campaign.callId(1)]);
      await live(campaign, 1);
      await handle.signal(resumeSignal, 'other 50');
      await takeTurn(campaign);
      await handle.signal(pauseSignal, 'the first');
      await is('paused');
      await handle.signal(resumeSignal);
      await is('active');
      return endedWith(campaign);
    },
  },
];

/**
 * Of so many slots, with one due retry more than the reserve takes: it is claimed when the first of them is called, and then none
 * is left. Retries go before first calls, so that the contacts at hand without a due time do not count.
 */
function reserveOf({ name, slots, reserve }: { name: string; slots: number; reserve: number }): Scenario {
  return {
    name,
    server: 'real',
    async run(harness, sleep) {
      const people = slots + 2 * reserve + 20;
      const campaign = await harness.start(people, {
        max_concurrent_calls: slots,
        max_retry_attempts: 1,
        retry_delay_minutes: 0.5,
      });
      await live(campaign, slots);
      for (let first = 1; first <= reserve + 1; first += slots) {
        const last = Math.min(first + slots - 1, reserve + 1);
        const ended = Array.from({ length: last - first + 1 }, (_, index) => campaign.callId(first + index));
        await campaign.end(ended, 'busy');
        await live(campaign, slots);
      }
      await sleep(35 * SECOND_MS);
      await takeTurn(campaign);
      for (const seq of [reserve + 2, reserve + 3]) {
        await campaign.end([campaign.callId(seq)]);
        await live(campaign, slots);
      }
      return cancelled(campaign);
    },
  };
}

/** A call of which nothing is heard, and which its provider says is live whenever it is looked up. */
function olderThanUsual(): Scenario {
  return {
    name: 'older-than-usual',
    server: 'skipping',
    async run(harness, sleep) {
      const campaign = await harness.start(1, { max_concurrent_calls: 1 });
      await live(campaign, 1);
      const begun = await harness.time();
      // Three minutes after its begin, at the next common instant; then after a minute, two, four, and five.
      await lookUpsAt(campaign, sleep, begun, [210, 270, 390, 630, 930, 1_230]);
      return endedWith(campaign);
    },
  };
}

/** A call that its provider keeps in its queue, and does not cancel there, past the end of its campaign. */
function queuedPastTheEnd(): Scenario {
  return {
    name: 'queued-past-the-end',
    server: 'skipping',
    options: { facts: { queueBoundMs: MINUTE_MS }, cancels: true },
    async run(harness, sleep) {
      const { provider } = harness;
      const queued = (callId: string) =>
        ({ kind: 'live', providerCallId: `provider-${callId}`, queued: true }) as const;
      provider.lookUpScript = queued;
      provider.cancelScript = queued;
      const begun = await harness.time();
      const campaign = await harness.start(1, { ends_at: iso(begun + 5 * MINUTE_MS) });
      await live(campaign, 1);
      // A request's time before the end, and every ten seconds from then on.
      await lookUpsAt(campaign, sleep, begun, [210, 270, 290, 300]);
      provider.lookUpScript = null;
      return endedWith(campaign);
    },
  };
}

/** Each look-up comes so many seconds after `from`. Shortly before it the campaign takes turns, in which it does not come. */
async function lookUpsAt(campaign: Campaign, sleep: Sleep, from: number, seconds: readonly number[]): Promise<void> {
  const { harness } = campaign;
  const passUntil = async (at: number) => sleep(Math.max(at - (await harness.time()), 0));
  let last = from;
  for (const [index, second] of seconds.entries()) {
    const at = from + second * SECOND_MS;
    // Long enough before it for a pause of half the length to be over, and for the campaign's own begin.
    await passUntil(at - Math.min(0.2 * (at - last), 5 * SECOND_MS));
    await takeRecordedTurns(campaign);
    await passUntil(at + SECOND_MS);
    await until(campaign, () => harness.provider.lookedUp.length > index);
    last = at;
  }
}

/** For the hours no window is found: at first because the search fails, and then because there is none. */
function windowlessCampaign(): Scenario {
  let fails = true;
  let asked = 0;
  return {
    name: 'no-window',
    server: 'skipping',
    options: {
      failing: ({ callingWindow }) => ({
        async callingWindow(request) {
          asked += 1;
          if (fails) throw ApplicationFailure.nonRetryable('no such zone', 'validation_error');
          return callingWindow(request);
        },
      }),
    },
    async run(harness, sleep) {
      harness.provider.script = () => ENDS;
      const now = await harness.time();
      const days = Array.from({ length: 500 }, (_, ahead) => now + ahead * 24 * HOUR_MS);
      const mondays = days.filter((day) => new Date(day).getUTCDay() === 1);
      const campaign = await harness.start(1, {
        timezone: 'UTC',
        working_days: [1],
        blackout_dates: mondays.map((day) => iso(day).slice(0, 10)),
      });
      const askedAgain = async (waitMs: number) => {
        const before = asked;
        await sleep(0.75 * waitMs);
        await takeRecordedTurns(campaign);
        await sleep(0.3 * waitMs);
        await until(campaign, () => asked > before);
      };
      await until(campaign, () => asked > 0);
      await askedAgain(5 * MINUTE_MS);
      fails = false;
      await askedAgain(5 * MINUTE_MS);
      await askedAgain(24 * HOUR_MS);
      await edit(campaign, { working_days: [1, 2, 3, 4, 5, 6, 7], blackout_dates: [] });
      return endedWith(campaign);
    },
  };
}

/** Lets time pass until the campaign is completed, with two turns during each wait whose end is known. */
async function throughWaits(campaign: Campaign, sleep: Sleep): Promise<void> {
  const { harness } = campaign;
  for (let last: string | null = null; ;) {
    const { status, until: end } = await campaign.progress();
    if (status === 'completed') return;
    if (end === null || end === last) {
      await pause(20);
      continue;
    }
    last = end;
    const left = async () => Math.max(Date.parse(end) - (await harness.time()), 0);
    const whole = await left();
    for (const part of [0.25, 0.1]) {
      await sleep((await left()) - part * whole);
      await (whole > 10 * MINUTE_MS ? takeRecordedTurns(campaign) : takeTurn(campaign));
    }
    await sleep((await left()) + 1);
  }
}

/** Contacts that still wait are skipped: what the scenario is for has happened. */
async function cancelled(campaign: Campaign): Promise<Campaign> {
  await campaign.handle.executeUpdate(cancelUpdate);
  return endedWith(campaign);
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}

/** Holds back what waits for it. */
class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}
