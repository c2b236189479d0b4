import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Event,
  HISTORIES,
  type History,
  historyText,
  readHistory,
  replay,
  scenarioOf,
} from '../support/harness/replay.ts';
import { personalDataIn } from '../support/probes/personal-data.ts';
import { SCENARIOS } from './recording/scenarios.ts';
import { type WorkflowBundle, workflowBundle } from '../../worker/workflow-bundle.ts';

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await workflowBundle();
});

/** The latest history of a scenario by its file's name. */
function latest(name: string): History {
  return readHistory(HISTORIES.findLast((file) => file.endsWith(`/${name}.json.gz`))!);
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
    expect([...new Set(HISTORIES.map(scenarioOf))].sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
  });

  it.each(HISTORIES)('%s replays under the present code', async (file) => {
    expect(await replay(readHistory(file), bundle)).toBeUndefined();
  });

  it.each(HISTORIES)('%s replays where the time zone database is another: no replay asks it', async (file) => {
    expect(await replay(readHistory(file), { ...bundle, code: NO_ZONES + bundle.code })).toBeUndefined();
  });

  it('is of the shape that its name says', () => {
    const has = (file: string, type: string) =>
      latest(file).events.some(({ eventType }) => eventType === `EVENT_TYPE_${type}`);
    expect(has('straight', 'WORKFLOW_EXECUTION_COMPLETED')).toBe(true);
    expect(has('cancel-by-the-server', 'WORKFLOW_EXECUTION_CANCELED')).toBe(true);
    expect(has('placements-taken-back', 'ACTIVITY_TASK_CANCELED')).toBe(true);
    expect(has('edits', 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED')).toBe(true);
    expect(has('new-runs-1', 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW')).toBe(true);
  });

  it('asks for a window days ahead once more, two hours before it opens, and keeps the zone data of each answer', () => {
    const answers = windowsIn(latest('window-days-ahead'));
    expect(answers).toHaveLength(2);
    for (const { window } of answers) expect(window.zoneData).toMatch(/^\d{4}[a-z]+$/);
    const [early, late] = answers.map(({ askedAt, window }) => (window.opensAt - askedAt) / 3_600_000);
    expect(early).toBeGreaterThan(24);
    expect(late).toBeCloseTo(2, 2);
  });

  it('has no local activity, whose replay may happen at another time', () => {
    for (const file of HISTORIES) {
      const markers = readHistory(file).events.filter(({ eventType }) => eventType === 'EVENT_TYPE_MARKER_RECORDED');
      expect([file, markers]).toEqual([file, []]);
    }
  });

  it('never failed a task but to take in what came while a run gave way', () => {
    for (const file of HISTORIES) {
      for (const { workflowTaskFailedEventAttributes: failed } of readHistory(file).events) {
        if (failed)
          expect([file, failed]).toMatchObject([file, { cause: 'WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND' }]);
      }
    }
  });

  it.each(HISTORIES)('%s names nobody', (file) => {
    expect(personalDataIn(historyText(file))).toEqual([]);
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
    const { groups } = JSON.parse(Buffer.from(payload!.data, 'base64').toString()) as {
      groups: { window: { opensAt: number; zoneData: string } }[];
    };
    return groups.map(({ window }) => ({ askedAt: Date.parse(String(asked.eventTime)), window }));
  });
}

interface Completed {
  readonly scheduledEventId: string;
  readonly result: { readonly payloads: readonly { readonly data: string }[] };
}

/** Fails any question about a zone inside the workflows' sandbox. */
const NO_ZONES = `Intl.DateTimeFormat = class { constructor() { throw new RangeError('no zone is known here'); } };\n`;

/** A change of the workflow's code as a history would show it. */
const MUTATIONS: Readonly<Record<string, (history: History) => void>> = {
  'another activity': ({ events }) => {
    first(events, 'activityTaskScheduledEventAttributes').activityType = { name: 'somethingElse' };
  },
  'an activity left out': (history) => {
    // With all that belongs to it, and numbered again: a possible history.
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
    const history = latest('straight');
    mutate(history);
    expect(await replay(history, bundle)).toBeInstanceOf(DeterminismViolationError);
  });
});

function first(events: readonly Event[], attributes: string): Record<string, unknown> {
  const event = events.find((candidate) => attributes in candidate);
  return event![attributes] as Record<string, unknown>;
}
