/** The shapes that a campaign's history takes, each as one small campaign. */
import { runToEnd } from '../../support/harness/server-clock.ts';
import {
  callEventsSignal,
  cancelUpdate,
  pauseAndWait,
  pauseSignal,
  resumeSignal,
  resumeUpdate,
  zoneDataSignal,
} from '../../../workflows/messages.ts';
import { ACCEPT, cancelPlacements, edit, ENDS, endedWith, endLive, live, type Scenario, until } from './steps.ts';

const HOUR_MS = 3_600_000;

export const SHAPES: readonly Scenario[] = [
  {
    name: 'straight',
    server: 'real',
    async run(harness) {
      harness.provider.script = ({ seq }) => (seq % 2 === 0 ? ENDS : ACCEPT);
      const campaign = await harness.start(4, { max_concurrent_calls: 2 });
      return endedWith(campaign);
    },
  },
  {
    name: 'pause-and-resume',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(4, { max_concurrent_calls: 2 });
      await live(campaign, 2);
      await campaign.handle.executeUpdate(pauseAndWait);
      await endLive(campaign);
      await campaign.handle.executeUpdate(resumeUpdate);
      await live(campaign, 2);
      await campaign.handle.signal(pauseSignal);
      await until(campaign, ({ status }) => status === 'paused');
      await campaign.handle.signal(resumeSignal);
      return endedWith(campaign);
    },
  },
  {
    name: 'placements-taken-back',
    server: 'real',
    run: (harness) => cancelPlacements(harness, { people: 3, slots: 2, placing: 2 }),
  },
  {
    name: 'cancel',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(4, { max_concurrent_calls: 2 });
      await live(campaign, 2);
      await campaign.handle.executeUpdate(cancelUpdate);
      return endedWith(campaign);
    },
  },
  {
    name: 'cancel-by-the-server',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(4, { max_concurrent_calls: 2 });
      await live(campaign, 2);
      await campaign.handle.cancel();
      return endedWith(campaign);
    },
  },
  {
    name: 'provider-in-trouble',
    server: 'real',
    async run(harness) {
      const { provider } = harness;
      provider.script = (request) => {
        if (request.seq === 1 && request.nth === 1) return { kind: 'throttled', retryAfterMs: 300 };
        if (request.seq === 2 && request.nth === 1) {
          provider.accept(request);
          return { kind: 'unknown', reason: 'timeout' };
        }
        if (request.seq === 3 && request.nth === 1) throw new Error('the worker stumbled');
        return ENDS;
      };
      const campaign = await harness.start(4, { max_concurrent_calls: 1 });
      return endedWith(campaign);
    },
  },
  {
    name: 'edits',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(4, { max_concurrent_calls: 1, max_calls_per_day: 10 });
      await live(campaign, 1);
      await edit(campaign, { max_concurrent_calls: 2 });
      await live(campaign, 2);
      await edit(campaign, { timezone: 'Asia/Kathmandu' });
      return endedWith(campaign);
    },
  },
  {
    name: 'edits-laid-over',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(4, { max_concurrent_calls: 1, max_calls_per_day: 10 });
      await live(campaign, 1);
      await Promise.all([edit(campaign, { max_concurrent_calls: 2 }), edit(campaign, { max_calls_per_day: 9 })]);
      await live(campaign, 2);
      await edit(campaign, { timezone: 'Asia/Kathmandu', max_retry_attempts: 1, retry_delay_minutes: 0 });
      return endedWith(campaign);
    },
  },
  {
    name: 'signals-by-hand',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(2);
      await live(campaign, 2);
      const event = harness.provider.end(campaign.callId(1));
      await campaign.handle.signal(callEventsSignal, [event, event]);
      await campaign.handle.signal('Pause');
      await harness.client.workflowService.signalWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: campaign.handle.workflowId },
        signalName: 'callEvents',
        input: { payloads: [{ data: new Uint8Array([91]) }] },
        identity: 'harness',
      });
      await until(campaign, ({ malformed_signals }) => malformed_signals === 2);
      return endedWith(campaign);
    },
  },
  {
    name: 'newer-zone-data',
    server: 'real',
    async run(harness) {
      const campaign = await harness.start(2, { max_concurrent_calls: 1 });
      await live(campaign, 1);
      for (const version of ['2025c', 'latest', '2099a']) await campaign.handle.signal(zoneDataSignal, version);
      await until(campaign, ({ malformed_signals }) => malformed_signals === 1);
      return endedWith(campaign);
    },
  },
  {
    name: 'window-days-ahead',
    server: 'skipping',
    async run(harness) {
      harness.provider.script = () => ENDS;
      const opening = new Date((await harness.time()) + 3 * 24 * HOUR_MS);
      const campaign = await harness.start(2, {
        timezone: 'UTC',
        working_days: [((opening.getUTCDay() + 6) % 7) + 1],
        start_time: '09:00',
        end_time: '17:00',
      });
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'daily-cap',
    server: 'skipping',
    async run(harness) {
      harness.provider.script = () => ENDS;
      const now = await harness.time();
      const campaign = await harness.start(5, {
        max_calls_per_day: 2,
        schedule_type: 'scheduled',
        scheduled_at: new Date(now + 3 * HOUR_MS).toISOString(),
        timezone: 'America/New_York',
        start_time: '09:00',
        end_time: '17:00',
      });
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'retries',
    server: 'skipping',
    async run(harness) {
      harness.provider.script = ({ seq, attempt }) => (seq > attempt ? { kind: 'ends', outcome: 'busy' } : ENDS);
      const campaign = await harness.start(3, { max_retry_attempts: 2, retry_delay_minutes: [30, 600] });
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'lost-and-expired',
    server: 'skipping',
    async run(harness) {
      // Accepted, and never heard of again.
      harness.provider.lookUpScript = () => ({ kind: 'unknown', reason: 'not_found' });
      const now = await harness.time();
      const campaign = await harness.start(3, {
        max_concurrent_calls: 1,
        ends_at: new Date(now + HOUR_MS / 2).toISOString(),
      });
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'new-runs',
    server: 'restless',
    async run(harness) {
      const campaign = await harness.start(24, { max_concurrent_calls: 3 });
      return endedWith(campaign);
    },
  },
];
