import { readdirSync, readFileSync } from 'node:fs';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, makeTelemetryFilterString, type ReplayResult, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { personalDataIn } from '../support/probes/personal-data.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import type { CampaignInput } from '../../workflows/messages.ts';
import { type WorkflowBundle, workflowBundle } from '../../worker/workflow-bundle.ts';
import { SCENARIOS } from '../../scripts/record-histories/scenarios.ts';

// A history that does not fit is reported by the result; the log would only repeat it.
Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

const DIRECTORY = new URL('histories/', import.meta.url);
const FILES = readdirSync(DIRECTORY).sort();

type Event = Record<string, unknown> & { eventType: string };
interface History {
  events: Event[];
}

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await workflowBundle();
});

function read(file: string): History {
  return JSON.parse(readFileSync(new URL(file, DIRECTORY), 'utf8')) as History;
}

/** Not every server writes it into the history: a campaign has the one that its input makes. */
function workflowIdOf({ events }: History): string {
  const { input } = events[0]!.workflowExecutionStartedEventAttributes as { input: { payloads: { data: string }[] } };
  const { campaignId } = JSON.parse(Buffer.from(input.payloads[0]!.data, 'base64').toString()) as CampaignInput;
  return workflowId(campaignId);
}

async function replay(history: History, workflowBundle = bundle): Promise<ReplayResult['error']> {
  const results = Worker.runReplayHistories({ workflowBundle }, [{ workflowId: workflowIdOf(history), history }]);
  for await (const { error } of results) return error;
  throw new Error('the replay had no result');
}

describe('the workflow bundle', () => {
  const EMBEDDED_MAP = /\n\/\/# sourceMappingURL=data:application\/json;[^,]*base64,(?<map>[\w+/=]+)\s*$/;

  it('holds the replayed rooms, the SDK and zod: no zone data, no numbering plans', () => {
    const map = EMBEDDED_MAP.exec(bundle.code)!.groups!.map!;
    const { sources } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
    const packageOf = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*/;
    const isOurs = /\/(domain\/engine|workflows)\/[\w-]+\.(?:ts|cjs)$/;
    const parts = sources
      .filter((source) => !source.startsWith('webpack/'))
      .map((source) => packageOf.exec(source)?.[1] ?? isOurs.exec(source)?.[1] ?? source);
    expect([...new Set(parts)].toSorted()).toEqual([
      '@temporalio/common',
      '@temporalio/workflow',
      'domain/engine',
      'long',
      'ms',
      'nexus-rpc',
      'workflows',
      'zod',
    ]);
  });

  it('asks the runtime for no zone, number format or language', () => {
    const [code] = bundle.code.split(EMBEDDED_MAP);
    expect(code!.match(/\bIntl\b|toLocale\w*String/g)).toBeNull();
  });
});

describe('a recorded history', () => {
  it('is there for every scenario', () => {
    const shapes = new Set(FILES.map((file) => file.replace(/(?:-\d+)?\.json$/, '')));
    expect([...shapes].sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
  });

  it.each(FILES)('%s replays under the present code', async (file) => {
    expect(await replay(read(file))).toBeUndefined();
  });

  it.each(FILES)('%s replays where the time zone database is another: no replay asks it', async (file) => {
    expect(await replay(read(file), { ...bundle, code: NO_ZONES + bundle.code })).toBeUndefined();
  });

  it('is of the shape that its name says', () => {
    const has = (file: string, type: string) =>
      read(file).events.some(({ eventType }) => eventType === `EVENT_TYPE_${type}`);
    expect(has('straight.json', 'WORKFLOW_EXECUTION_COMPLETED')).toBe(true);
    expect(has('cancel-by-the-server.json', 'WORKFLOW_EXECUTION_CANCELED')).toBe(true);
    expect(has('placements-taken-back.json', 'ACTIVITY_TASK_CANCELED')).toBe(true);
    expect(has('edits.json', 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED')).toBe(true);
    expect(has('new-runs-1.json', 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW')).toBe(true);
  });

  it('asks for a window days ahead once more, two hours before it opens, and keeps the zone data of each answer', () => {
    const answers = windowsIn(read('window-days-ahead.json'));
    expect(answers).toHaveLength(2);
    for (const { window } of answers) expect(window.zoneData).toMatch(/^\d{4}[a-z]+$/);
    const [early, late] = answers.map(({ askedAt, window }) => (window.opensAt - askedAt) / 3_600_000);
    expect(early).toBeGreaterThan(24);
    expect(late).toBeCloseTo(2, 2);
  });

  it('has no local activity, whose replay may happen at another time', () => {
    for (const file of FILES) {
      const markers = read(file).events.filter(({ eventType }) => eventType === 'EVENT_TYPE_MARKER_RECORDED');
      expect([file, markers]).toEqual([file, []]);
    }
  });

  it('never failed a task but to take in what came while a run gave way', () => {
    for (const file of FILES) {
      for (const { workflowTaskFailedEventAttributes: failed } of read(file).events) {
        if (failed)
          expect([file, failed]).toMatchObject([file, { cause: 'WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND' }]);
      }
    }
  });

  it.each(FILES)('%s names nobody', (file) => {
    expect(personalDataIn(readFileSync(new URL(file, DIRECTORY), 'utf8'))).toEqual([]);
  });
});

/** Every answer of `callingWindow`, with the time at which it was asked for. */
function windowsIn({ events }: History) {
  return events.flatMap((event) => {
    const completed = event.activityTaskCompletedEventAttributes as Completed | undefined;
    if (!completed) return [];
    const asked = events.find(({ eventId }) => eventId === completed.scheduledEventId);
    const scheduled = asked?.activityTaskScheduledEventAttributes as { activityType: { name: string } } | undefined;
    if (!asked || scheduled?.activityType.name !== 'callingWindow') return [];
    const [payload] = completed.result.payloads;
    const { window } = JSON.parse(Buffer.from(payload!.data, 'base64').toString()) as {
      window: { opensAt: number; zoneData: string };
    };
    return [{ askedAt: Date.parse(String(asked.eventTime)), window }];
  });
}

interface Completed {
  readonly scheduledEventId: string;
  readonly result: { readonly payloads: readonly { readonly data: string }[] };
}

/** Fails whoever asks for anything about a zone, inside of the workflows' sandbox. */
const NO_ZONES = `Intl.DateTimeFormat = class { constructor() { throw new RangeError('no zone is known here'); } };\n`;

/** A change of the workflow's code as a history would show it. */
const MUTATIONS: Readonly<Record<string, (history: History) => void>> = {
  'another activity': ({ events }) => {
    first(events, 'activityTaskScheduledEventAttributes').activityType = { name: 'somethingElse' };
  },
  'an activity left out': (history) => {
    // With all that belongs to it, and numbered anew: a history that might have been.
    const scheduled = history.events.findIndex((event) => 'activityTaskScheduledEventAttributes' in event);
    history.events.splice(scheduled, 1);
    for (const [index, event] of history.events.entries()) event.eventId = String(index + 1);
  },
  'a timer in place of an activity': ({ events }) => {
    const index = events.findIndex((event) => 'activityTaskScheduledEventAttributes' in event);
    const { activityTaskScheduledEventAttributes: _gone, ...rest } = events[index]!;
    events[index] = {
      ...rest,
      eventType: 'EVENT_TYPE_TIMER_STARTED',
      timerStartedEventAttributes: { timerId: '1', startToFireTimeout: '60s', workflowTaskCompletedEventId: '4' },
    };
  },
};

describe('a history that this code could not have made', () => {
  it.each(Object.entries(MUTATIONS))('is refused: %s', async (_, mutate) => {
    const history = read('straight.json');
    mutate(history);
    expect(await replay(history)).toBeInstanceOf(DeterminismViolationError);
  });
});

function first(events: readonly Event[], attributes: string): Record<string, unknown> {
  const event = events.find((candidate) => attributes in candidate);
  return event![attributes] as Record<string, unknown>;
}
