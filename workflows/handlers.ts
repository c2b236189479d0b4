/** What a campaign can be told and asked. Handlers validate, put news on the desk and wait; they change nothing. */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  currentUpdateInfo,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import { isOver, refusal, type Command } from '../domain/engine/commands.ts';
import type { RingfenceError } from '../domain/engine/errors.ts';
import { EndedEvent } from '../domain/engine/outcome.ts';
import { CampaignEdit, editRefusal } from '../domain/engine/editing.ts';
import { waitingAt } from '../domain/engine/pacing.ts';
import { liveBuckets } from '../domain/engine/settling.ts';
import { placedToday } from '../domain/engine/calling-day.ts';
import { StatedEdit } from '../domain/engine/stated-edit.ts';
import { isZoneDataVersion } from '../domain/engine/zone-data-version.ts';
import { mayStillSend, type Desk } from './desk.ts';
import {
  callEventsSignal,
  cancelUpdate,
  editUpdate,
  pauseAndWait,
  pauseSignal,
  progressQuery,
  resumeSignal,
  resumeUpdate,
  zoneDataSignal,
  type CampaignProgress,
  type EditAcknowledgement,
} from './messages.ts';

/** An acknowledgement waits this long for the database to know as well, so that a read right after it agrees. */
const TOLD_WITHIN_MS = 2_000;

export function setHandlers(desk: Desk): void {
  setHandler(pauseSignal, (id) => void desk.news.push(command('pause', id)), {
    description: 'Stops placing calls; live ones go on to their end.',
  });
  setHandler(resumeSignal, (id) => void desk.news.push(command('resume', id)), {
    description: 'Lets a paused campaign go on.',
  });
  setHandler(callEventsSignal, (events: unknown) => takeEvents(desk, events), {
    description: 'Terminal events of calls, from the gateway.',
  });
  setHandler(zoneDataSignal, (version: unknown) => takeZoneData(desk, version), {
    description: 'A release of the time zone data has appeared: a window from an older one is asked for again.',
  });
  // A signal by a name that nobody knows is somebody's mistake; it must not stand in the way of the campaign.
  setDefaultSignalHandler(() => void desk.news.push({ kind: 'malformed' }));
  setHandler(progressQuery, () => progress(desk), { description: 'Where the campaign stands at this moment.' });
  setHandler(
    pauseAndWait,
    async () => {
      await submit(desk, 'pause');
      await promised(desk, () => !mayStillSend(desk));
      // While the database was told, a resume and another pause may have let a placement in.
      await patiently(() => condition(() => desk.state.status !== 'paused' || !mayStillSend(desk)));
      if (desk.state.status !== 'paused') throw wrongState('The campaign was resumed before the pause was complete.');
      const calls = Object.entries(desk.state.inFlight);
      return {
        status: 'paused' as const,
        paused_at: new Date().toISOString(),
        live: calls.filter(([, call]) => call.phase === 'live').map(([id]) => id),
        unknown: calls.filter(([, call]) => call.phase === 'unknown').map(([id]) => id),
      };
    },
    { validator: () => refuse(desk, 'pause'), description: 'Pauses, and answers when nothing is being placed.' },
  );
  setHandler(
    resumeUpdate,
    async () => {
      await submit(desk, 'resume');
      await promised(desk, () => true);
      return { status: desk.state.status, resumed_at: new Date().toISOString() };
    },
    { validator: () => refuse(desk, 'resume'), description: 'Lets a paused campaign go on.' },
  );
  setHandler(
    cancelUpdate,
    async () => {
      await submit(desk, 'cancel');
      await patiently(() =>
        condition(() => desk.state.told.ending !== null || isOver(desk.state.status), TOLD_WITHIN_MS, {
          summary: 'The database is told of the change',
        }),
      );
      return { status: desk.state.status, cancel_requested_at: new Date().toISOString() };
    },
    { validator: () => refuse(desk, 'cancel'), description: 'Ends the campaign once its live calls have ended.' },
  );
  setHandler(editUpdate, (change) => edit(desk, CampaignEdit.parse(change)), {
    validator: (change: unknown) => refuseEdit(desk, change),
    description: 'Changes limits, hours or the retry policy, between two placements.',
  });
}

/** The server's own limit for the id of an update, which a signal may give in its place. */
const LONGEST_COMMAND_ID = 1_000;

function command(name: Command, id: unknown): Desk['news'][number] {
  // It would be carried from run to run.
  if (typeof id === 'string' && id.length > LONGEST_COMMAND_ID) return { kind: 'malformed' };
  // A signal has nobody to answer to: one that comes in the wrong state is simply without effect.
  return { kind: 'command', command: name, id: typeof id === 'string' ? id : null, done: () => {} };
}

async function edit(desk: Desk, change: CampaignEdit): Promise<EditAcknowledgement> {
  let answer: { refused: RingfenceError | null } | undefined;
  desk.changes.push({ kind: 'edit', edit: change, done: (refused) => (answer = { refused }) });
  await patiently(() => condition(() => answer !== undefined));
  if (answer?.refused) throw refusedEdit(answer.refused);
  await patiently(() =>
    condition(() => desk.state.untold === null && hasHours(desk), TOLD_WITHIN_MS, {
      summary: 'The database is told of the change',
    }),
  );
  const waiting = waitingAt(desk.state, Date.now());
  return {
    status: desk.state.status,
    waiting_for: waiting.for,
    until: toIso(waiting.until),
    edited_at: new Date().toISOString(),
  };
}

/** Whether the answer can say what the campaign waits for now: new hours are looked up by an active campaign only. */
function hasHours({ state }: Desk): boolean {
  return state.window !== null || state.status !== 'active';
}

function refuseEdit(desk: Desk, change: unknown): void {
  const read = StatedEdit.safeParse(change);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw ApplicationFailure.create({
      type: 'validation_error',
      message: `${issue?.path.join('.') ?? 'edit'}: ${issue?.message ?? 'cannot be read'}`,
      nonRetryable: true,
    });
  }
  const refused = editRefusal(desk.state, read.data, Date.now());
  if (refused !== null) throw refusedEdit(refused);
}

function refusedEdit({ code, message, field }: RingfenceError): ApplicationFailure {
  const details = field === undefined ? {} : { details: [{ field }] };
  return ApplicationFailure.create({ type: code, message, nonRetryable: true, ...details });
}

function toIso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}

/** Hands a command to the main loop and waits until it has taken it up. */
async function submit(desk: Desk, name: Command): Promise<void> {
  let answer: { refused: string | null } | undefined;
  const id = currentUpdateInfo()?.id ?? null;
  desk.news.push({ kind: 'command', command: name, id, done: (refused) => (answer = { refused }) });
  await patiently(() => condition(() => answer !== undefined));
  if (answer?.refused) throw wrongState(answer.refused);
}

/** Waits for what the answer promises, and a moment longer for the database to be told. */
async function promised(desk: Desk, promise: () => boolean): Promise<void> {
  const { status } = desk.state;
  await patiently(() => condition(promise));
  await patiently(async () => {
    await condition(() => desk.state.told.status === status || desk.state.status !== status, TOLD_WITHIN_MS, {
      summary: 'The database is told of the change',
    });
  });
}

/** After a cancel request every wait outside such a scope would throw, and the asker would get no answer. */
function patiently<T>(wait: () => Promise<T>): Promise<T> {
  return CancellationScope.nonCancellable(wait);
}

function refuse(desk: Desk, name: Command): void {
  const refused = refusal(desk.state, name);
  if (refused !== null) throw wrongState(refused);
}

function wrongState(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'wrong_state', message, nonRetryable: true });
}

/** Operators send signals by hand: what is no release of the data is counted, and changes nothing. */
function takeZoneData(desk: Desk, version: unknown): void {
  if (isZoneDataVersion(version)) desk.changes.push({ kind: 'zone_data', version });
  else desk.news.push({ kind: 'malformed' });
}

/** Events are checked one by one: what cannot be read is counted, and does not take the others with it. */
function takeEvents(desk: Desk, sent: unknown): void {
  if (!Array.isArray(sent)) {
    desk.news.push({ kind: 'malformed' });
    return;
  }
  const read = sent.map((event) => EndedEvent.safeParse(event));
  desk.news.push({
    kind: 'events',
    events: read.flatMap((result) => (result.success ? [result.data] : [])),
    malformed: read.filter((result) => !result.success).length,
  });
}

function progress(desk: Desk): CampaignProgress {
  const { state } = desk;
  const waiting = waitingAt(state, Date.now());
  return {
    campaign_id: desk.campaignId,
    status: state.status,
    waiting_for: waiting.for,
    until: toIso(waiting.until),
    buckets: liveBuckets(state),
    in_flight: Object.keys(state.inFlight).length,
    max_concurrent_calls: state.spec.max_concurrent_calls,
    placed_today: placedToday(state),
    max_calls_per_day: state.spec.max_calls_per_day,
    late_events: state.heard.late,
    duplicate_events: state.heard.duplicate,
    malformed_signals: state.heard.malformed,
  };
}
