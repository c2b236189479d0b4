/**
 * Each constant that decides what a campaign does next, with other values. A running campaign replays its history, so another
 * value is a change of its decisions: it must go behind `patched()`, and the recorded histories must say so.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { HISTORIES, readHistory, replay, scenarioOf } from '../support/harness/replay.ts';
import { type WorkflowBundle, workflowBundle } from '../../worker/workflow-bundle.ts';

const ROOT = new URL('../../', import.meta.url);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** By file and constant: other values, and the scenario whose history tells them from the present one. */
const DECIDING: Readonly<Record<string, Readonly<Record<string, readonly [scenario: string, ...others: number[]]>>>> = {
  'domain/engine/account-trouble.ts': {
    SHOWS_WITHIN_MS: ['account-trouble', 20_000, 45_000],
  },
  'domain/engine/calling-day.ts': {
    ASK_AGAIN_MS: ['no-window', 12 * HOUR, 48 * HOUR],
    ASK_AGAIN_AFTER_FAILURE_MS: ['no-window', 2 * MINUTE, 10 * MINUTE],
    LONG_AHEAD_MS: ['one-window-a-day', 20 * HOUR, 48 * HOUR],
    CHECK_BEFORE_MS: ['one-window-a-day', HOUR, 3 * HOUR],
  },
  'domain/engine/call-phases.ts': {
    FIRST_CHECK_MS: ['calls-without-news', 500, 2_000],
    MAX_CHECK_MS: ['calls-without-news', 40_000, 2 * MINUTE],
  },
  'domain/engine/circuit-breaker.ts': {
    FIRST_PAUSE_MS: ['provider-down', 50, 1_000],
    // A shorter one would change nothing: the call that is repeated after it is looked up once a minute.
    MAX_PAUSE_MS: ['provider-down', 2 * MINUTE],
    BLOCKED_PAUSE_MS: ['provider-down', 30_000, 2 * MINUTE],
    MAX_BLOCKED_PAUSE_MS: ['provider-down', 2.5 * MINUTE, 10 * MINUTE],
    MAX_RETRY_AFTER_MS: ['provider-down', HOUR / 2, 2 * HOUR],
    OPENING_RAMP: ['slow-start', 7, 9],
    NOTEWORTHY_PAUSE_MS: ['provider-down', 1, HOUR],
  },
  'domain/engine/commands.ts': {
    REMEMBERED: ['many-commands', 49, 51],
  },
  'domain/engine/connection-wait.ts': {
    AHEAD_S: ['busy-connection', 1, 3],
  },
  'domain/engine/look-up-times.ts': {
    FIRST_PAUSE_SHARE: ['older-than-usual', 2, 6],
    MAX_PAUSE_MS: ['older-than-usual', 4 * MINUTE, 10 * MINUTE],
    GRID_SHARE: ['older-than-usual', 5, 12],
    CANCEL_AGAIN_MS: ['queued-past-the-end', 5_000, 20_000],
    OVERDUE_PAUSE_MS: ['calls-without-news', 30_000, 2 * MINUTE],
  },
  'domain/engine/look-ups.ts': {
    UNASKED_PAUSE_MS: ['nobody-to-ask', 10_000, 20_000],
    UNASKED_FOR_MS: ['nobody-to-ask', 14 * MINUTE, 16 * MINUTE],
  },
  'domain/engine/pacing.ts': {
    SETTLE_BATCH: ['eighty-slots', 19, 21],
    SETTLE_AFTER_MS: ['half-a-minute', 20_000, 45_000],
    MIN_RESERVE: ['small-reserve', 39, 41],
    MAX_RESERVE: ['large-reserve', 499, 501],
    NEAR_MS: ['near-retries', 30_000, 2 * MINUTE],
    MOST_PLACING: ['eighty-slots', 39, 41],
    LOOK_UP_BATCH: ['look-ups-of-many', 49, 51],
  },
  'domain/engine/roster-changes.ts': {
    LOOK_EVERY_MS: ['contacts-come', 1_000, 4_000],
  },
  'domain/engine/searched-waiting.ts': {
    NEAR_RETRY_MS: ['near-retries', 30_000, 2 * MINUTE],
    DELAYS: ['slow-system', 2, 5],
  },
  'domain/engine/stop-wait.ts': {
    FIRST_PAUSE_MS: ['stopped', 10_000],
  },
  'domain/engine/system-wait.ts': {
    FIRST_WAIT_MS: ['slow-system', 500, 2_000],
    MAX_WAIT_MS: ['slow-system', 15_000, MINUTE],
  },
};

/** Constants that no history can tell from others, or none of a size to keep, with the reason. */
const OTHERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'domain/engine/account-trouble.ts': {
    NEXT_CALL_MS: 'the time of the next call is recorded by the exchange',
    MOST_WHILE_OTHERS_WORK: 'whether the attempt counts is recorded by the exchange',
    MOST_EXCUSED: 'its history would have hundreds of calls',
  },
  'domain/engine/calling-day.ts': { DAYS_KEPT: 'the counts of past days are read by nothing' },
  'domain/engine/calling-hours.ts': { MOST_WINDOWS: 'a bound of what comes in from outside' },
  'domain/engine/account-wait.ts': { SHORTEST_WAIT_MS: 'counts only where two clocks differ' },
  'domain/engine/calls-not-placed.ts': { SHORTEST_POSTPONEMENT_MS: 'the due time is recorded by the exchange' },
  'domain/engine/campaign-state.ts': { MOST_GROUPS: 'a bound of what comes in from outside' },
  'domain/engine/closed-groups.ts': {
    NEAR_MS:
      'what goes back is an argument of the exchange, which a replay does not compare; the property of groups shows it',
  },
  'domain/engine/current-details.ts': { OPENINGS_LISTED: 'shown to people, and nothing is decided by it' },
  'domain/engine/continue-as-new.ts': {
    DRAIN_MS: 'how long a drain lasts depends on the machine: no scenario can bring one to a certain turn',
    TRY_AGAIN_AFTER_MS: 'the same',
    INSIST_AT_EVENTS: 'its history would have ten thousand events',
    MOST_CARRIED: 'its history would have megabytes',
    EXPECTED_WITHIN_MS: 'the same',
  },
  'domain/engine/dates.ts': { LONGEST_READ: 'a bound of what comes in from outside' },
  'domain/engine/groups.ts': { USUAL_PRIORITY: 'the default of recorded data, which states every other priority' },
  'domain/engine/pace.ts': {
    MEASURED_MS: 'shown to people, and nothing is decided by it',
    MEASURED_CONTACTS: 'the same',
    HOUR_MS: 'the same',
  },
  'domain/engine/retry-policy.ts': { MOST_RETRIES: 'a bound of what comes in from outside' },
  'domain/engine/retry-terms.ts': { ATTEMPTS_ASKED_FOR: 'the terms that it makes are recorded' },
  'domain/engine/schedule-fields.ts': { LONGEST_ZONE_NAME: 'a bound of what comes in from outside' },
  'domain/engine/known-share.ts': {
    MATTERS: 'shown by the properties of shares: the need of the recorded campaign changes once',
    PARTS: 'the same',
    REPORT_AGAIN_MS: 'the same',
  },
  'domain/engine/share-report.ts': {
    TROUBLE_LASTS_MS: 'shown by examples of reports: no recorded campaign that shares a limit has trouble for so long',
  },
  'domain/engine/share-coordinator.ts': {
    SOON_MS: 'the duration of a timer, which is recorded',
    OTHERWISE_MS: 'the duration of a timer, which is recorded',
    INTO_TURN_MS: 'the duration of a timer, which is recorded',
    MOST_SHOWN: 'the result of an activity, which is recorded',
  },
  'domain/engine/shares.ts': { TURN_MS: 'the result of an activity, which is recorded' },
  'domain/engine/spec-change.ts': { LONGEST_INSTANT: 'a bound of what comes in from outside' },
  'domain/engine/stop-wait.ts': {
    LONGEST_PAUSE_MS: 'its history would show a stop of hours, and the examples of stops show it',
  },
  'domain/engine/task-queues.ts': { LONGEST_QUEUE_NAME: 'a bound of what comes in from outside' },
  'workflows/handlers.ts': {
    LONGEST_COMMAND_ID: 'a bound of what comes in from outside',
    LONGEST_GIVER: 'a bound of what comes in from outside',
  },
  'workflows/retry-forever.ts': {
    FIRST_PAUSE_MS: 'the duration of a timer, which is recorded',
    LONGEST_PAUSE_MS: 'the duration of a timer, which is recorded',
  },
};

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await workflowBundle();
});

describe('a constant of the code that running campaigns replay', () => {
  const declared = ['domain/engine/', 'workflows/'].flatMap((folder) =>
    readdirSync(new URL(folder, ROOT)).flatMap((file) => {
      const text = readFileSync(new URL(folder + file, ROOT), 'utf8');
      return [...text.matchAll(/^(?:export )?const (?<name>[A-Z][A-Z\d_]*) = \d/gm)].map(
        ({ groups }) => `${folder}${file}: ${groups!.name}`,
      );
    }),
  );
  const named = [DECIDING, OTHERS].flatMap((table) =>
    Object.entries(table).flatMap(([file, constants]) => Object.keys(constants).map((name) => `${file}: ${name}`)),
  );

  it('is held by a history, or there is a reason why none can', () => {
    expect(named.sort()).toEqual(declared.sort());
  });

  const mutants = Object.entries(DECIDING).flatMap(([file, constants]) =>
    Object.entries(constants).flatMap(([name, [scenario, ...others]]) =>
      others.map((value) => [name, value, scenario, file] as const),
    ),
  );

  it.each(mutants)('%s = %d does not replay %s', async (name, value, scenario, file) => {
    const mutant = { ...bundle, code: mutated(bundle.code, file, name, value) };
    const files = HISTORIES.filter((history) => scenarioOf(history) === scenario);
    const errors = await Promise.all(files.map((history) => replay(readHistory(history), mutant)));
    expect(errors.some(isViolation), String(errors)).toBe(true);
  });
});

/** Most are told as what they are; some upset the machines by which the SDK compares commands with events. */
function isViolation(error: Error | undefined): boolean {
  return error instanceof DeterminismViolationError || (error?.message.includes('error in workflow machines') ?? false);
}

/** The bundle as it would be built from sources in which the constant has this value. */
function mutated(code: string, file: string, name: string, value: number): string {
  const module = code.indexOf(`!*** ./${file} ***!`);
  const declaration = new RegExp(`\\bconst ${name} = [^;]+;`, 'g');
  declaration.lastIndex = module;
  const found = declaration.exec(code);
  if (module === -1 || !found) throw new Error(`${file} declares no ${name} in the bundle`);
  return `${code.slice(0, found.index)}const ${name} = ${value};${code.slice(declaration.lastIndex)}`;
}
