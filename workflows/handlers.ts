/** The signals, updates and queries of a campaign. Handlers validate, add messages to the inbox and wait. They change nothing else. */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  currentUpdateInfo,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import { isOver, isProcessed, refusal, type Command } from '../domain/engine/commands.ts';
import type { RingfenceError } from '../domain/engine/errors.ts';
import { EndedEvent } from '../domain/engine/outcome.ts';
import { CampaignEdit, editRefusal } from '../domain/engine/editing.ts';
import { areHoursKnown, waitingAt } from '../domain/engine/gates.ts';
import { liveBuckets } from '../domain/engine/settling.ts';
import { shownDay } from '../domain/engine/calling-day.ts';
import { GivenShare } from '../domain/engine/share-messages.ts';
import { StatedEdit } from '../domain/engine/stated-edit.ts';
import { ACKNOWLEDGEMENTS } from '../domain/engine/time-limits.ts';
import { isZoneDataVersion } from '../domain/engine/zone-data-version.ts';
import type { CampaignRun } from '../domain/engine/campaign-run.ts';
import { mayStillSend } from '../domain/engine/in-flight.ts';
import {
  accountRoomSignal,
  callEventsSignal,
  cancelUpdate,
  contactsChangedSignal,
  editUpdate,
  pauseAndWait,
  pauseSignal,
  progressQuery,
  resumeSignal,
  resumeUpdate,
  shareGivenSignal,
  stopsChangedSignal,
  zoneDataSignal,
  type CampaignProgress,
  type EditAcknowledgement,
} from './messages.ts';

export function setHandlers(run: CampaignRun): void {
  setHandler(pauseSignal, (id, by) => void run.inbox.push(command('pause', id, by)), {
    description: 'Pauses the campaign. Live calls continue to their end.',
  });
  setHandler(resumeSignal, (id, by) => void run.inbox.push(command('resume', id, by)), {
    description: 'Resumes a paused campaign.',
  });
  setHandler(callEventsSignal, (events: unknown) => takeEvents(run, events), {
    description: 'Terminal events of calls, from the gateway.',
  });
  setHandler(zoneDataSignal, (version: unknown) => takeZoneData(run, version), {
    description: 'Announces a release of the time zone data. A window from older data is computed again.',
  });
  setHandler(stopsChangedSignal, () => void run.inbox.push({ kind: 'stops_changed' }), {
    description: 'Tells that stops have begun or ended. The campaign asks the database whether it is stopped.',
  });
  setHandler(shareGivenSignal, (share: unknown) => void run.inbox.push(shareMessage(share)), {
    description: 'A share in a limit of calls in flight, from its coordinator.',
  });
  setHandler(accountRoomSignal, () => void run.inbox.push({ kind: 'account_room' }), {
    description: 'Says that the account may place calls again today.',
  });
  setHandler(contactsChangedSignal, (...sent: unknown[]) => void run.inbox.push(contactsMessage(sent)), {
    description: 'Announces that people were added to the campaign or taken out of it.',
  });
  // A signal with an unknown name is a mistake, and must not affect the campaign.
  setDefaultSignalHandler(() => void run.inbox.push({ kind: 'malformed' }));
  setHandler(progressQuery, () => progress(run), { description: 'Returns the present state of the campaign.' });
  setHandler(
    pauseAndWait,
    async (by?: unknown) => {
      await submit(run, 'pause', by);
      await awaitSynced(run, () => !mayStillSend(run.state));
      // A resume and another pause in between may have started a placement.
      await nonCancellable(() => condition(() => run.state.status !== 'paused' || !mayStillSend(run.state)));
      if (run.state.status !== 'paused') throw wrongState('The campaign was resumed before the pause was complete.');
      const calls = Object.entries(run.state.inFlight);
      return {
        status: 'paused' as const,
        paused_at: new Date().toISOString(),
        live: calls.filter(([, call]) => call.phase === 'live').map(([id]) => id),
        unknown: calls.filter(([, call]) => call.phase === 'unknown').map(([id]) => id),
      };
    },
    {
      validator: () => refuse(run, 'pause'),
      description: 'Pauses the campaign, and answers when no placement is under way.',
    },
  );
  setHandler(
    resumeUpdate,
    async (by?: unknown) => {
      await submit(run, 'resume', by);
      await awaitSynced(run, () => true);
      return { status: run.state.status, resumed_at: new Date().toISOString() };
    },
    { validator: () => refuse(run, 'resume'), description: 'Resumes a paused campaign.' },
  );
  setHandler(
    cancelUpdate,
    async (by?: unknown) => {
      await submit(run, 'cancel', by);
      await nonCancellable(() =>
        condition(() => run.state.lastSync.ending !== null || isOver(run.state.status), ACKNOWLEDGEMENTS.syncWithinMs, {
          summary: 'Wait until the database knows the change',
        }),
      );
      return { status: run.state.status, cancel_requested_at: new Date().toISOString() };
    },
    { validator: () => refuse(run, 'cancel'), description: 'Cancels the campaign. It ends after its live calls.' },
  );
  setHandler(editUpdate, (change) => edit(run, CampaignEdit.parse(change)), {
    validator: (change: unknown) => refuseEdit(run, change),
    description: 'Changes limits, hours or the retry policy, between two placements.',
  });
}

/** The name of an API key, in short. It is carried from run to run. */
const LONGEST_GIVER = 100;

function shareMessage(share: unknown): CampaignRun['inbox'][number] {
  const read = GivenShare.safeParse(share);
  return read.success ? { kind: 'share', epoch: read.data.epoch, share: read.data } : { kind: 'malformed' };
}

/** Nothing about a contact may stand in the history, so a signal with contents is none of ours. */
function contactsMessage(sent: readonly unknown[]): CampaignRun['inbox'][number] {
  return sent.length === 0 ? { kind: 'contacts_changed' } : { kind: 'malformed' };
}

/** The server's own limit for the id of an update, which a signal may give in its place. */
const LONGEST_COMMAND_ID = 1_000;

function command(name: Command, id: unknown, by: unknown): CampaignRun['inbox'][number] {
  // It would be carried from run to run.
  if (typeof id === 'string' && id.length > LONGEST_COMMAND_ID) return { kind: 'malformed' };
  // A signal gets no answer: in the wrong state it has no effect.
  const given = { command: name, id: typeof id === 'string' ? id : null, by: giver(by), way: 'signal' } as const;
  return { kind: 'command', ...given, done: () => {} };
}

/** Who gives a command is shown and decides nothing. What cannot be read is left out. */
function giver(by: unknown): string | null {
  return typeof by === 'string' ? by.slice(0, LONGEST_GIVER) : null;
}

async function edit(run: CampaignRun, change: CampaignEdit): Promise<EditAcknowledgement> {
  let answer: { refused: RingfenceError | null } | undefined;
  run.changes.push({ kind: 'edit', edit: change, id: updateId(), done: (refused) => (answer = { refused }) });
  await nonCancellable(() => condition(() => answer !== undefined));
  if (answer?.refused) throw refusedEdit(answer.refused);
  await nonCancellable(() =>
    condition(() => run.state.pendingTerms === null && hasHours(run), ACKNOWLEDGEMENTS.syncWithinMs, {
      summary: 'Wait until the database knows the change',
    }),
  );
  const waiting = waitingAt(run.state, Date.now());
  return {
    status: run.state.status,
    waiting_for: waiting.for,
    until: toIso(waiting.until),
    edited_at: new Date().toISOString(),
  };
}

/** Whether the answer can say what the campaign waits for. Only an active campaign computes new hours. */
function hasHours({ state }: CampaignRun): boolean {
  return areHoursKnown(state) || state.status !== 'active';
}

function refuseEdit(run: CampaignRun, change: unknown): void {
  const read = StatedEdit.safeParse(change);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw ApplicationFailure.create({
      type: 'validation_error',
      message: `${issue?.path.join('.') ?? 'edit'}: ${issue?.message ?? 'cannot be read'}`,
      nonRetryable: true,
    });
  }
  const refused = isAnswered(run) ? null : editRefusal(run.state, read.data, Date.now());
  if (refused !== null) throw refusedEdit(refused);
}

function refusedEdit({ code, message, field }: RingfenceError): ApplicationFailure {
  const details = field === undefined ? {} : { details: [{ field }] };
  return ApplicationFailure.create({ type: code, message, nonRetryable: true, ...details });
}

function toIso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}

/** Passes a command to the main loop and waits until it is processed. */
async function submit(run: CampaignRun, name: Command, by: unknown): Promise<void> {
  let answer: { refused: string | null } | undefined;
  const given = { command: name, id: updateId(), by: giver(by), way: 'update' } as const;
  run.inbox.push({ kind: 'command', ...given, done: (refused) => (answer = { refused }) });
  await nonCancellable(() => condition(() => answer !== undefined));
  if (answer?.refused) throw wrongState(answer.refused);
}

/** Waits for what the answer promises, and for a moment until the database has it too. */
async function awaitSynced(run: CampaignRun, promise: () => boolean): Promise<void> {
  const { status } = run.state;
  await nonCancellable(() => condition(promise));
  await nonCancellable(async () => {
    await condition(
      () => run.state.lastSync.status === status || run.state.status !== status,
      ACKNOWLEDGEMENTS.syncWithinMs,
      {
        summary: 'Wait until the database knows the change',
      },
    );
  });
}

/** After a cancellation request every wait outside such a scope would throw, and the caller would get no answer. */
function nonCancellable<T>(wait: () => Promise<T>): Promise<T> {
  return CancellationScope.nonCancellable(wait);
}

function refuse(run: CampaignRun, name: Command): void {
  const refused = isAnswered(run) ? null : refusal(run.state, name);
  if (refused !== null) throw wrongState(refused);
}

/**
 * Whether the update repeats one that an earlier run, or a signal, has processed. The state that it led to would refuse it,
 * and a caller that lost the first answer is to get one.
 */
function isAnswered({ state }: CampaignRun): boolean {
  return isProcessed(state, updateId());
}

function updateId(): string | null {
  return currentUpdateInfo()?.id ?? null;
}

function wrongState(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'wrong_state', message, nonRetryable: true });
}

/** Operators may send signals by hand. A text that is not a release is counted and changes nothing. */
function takeZoneData(run: CampaignRun, version: unknown): void {
  if (isZoneDataVersion(version)) run.changes.push({ kind: 'zone_data', version });
  else run.inbox.push({ kind: 'malformed' });
}

/** Events are checked one by one. An unreadable event is counted, and does not affect the others. */
function takeEvents(run: CampaignRun, sent: unknown): void {
  if (!Array.isArray(sent)) {
    run.inbox.push({ kind: 'malformed' });
    return;
  }
  const read = sent.map((event) => EndedEvent.safeParse(event));
  run.inbox.push({
    kind: 'events',
    events: read.flatMap((result) => (result.success ? [result.data] : [])),
    malformed: read.filter((result) => !result.success).length,
  });
}

function progress(run: CampaignRun): CampaignProgress {
  const { state } = run;
  const waiting = waitingAt(state, Date.now());
  return {
    campaign_id: run.campaignId,
    status: state.status,
    waiting_for: waiting.for,
    until: toIso(waiting.until),
    buckets: liveBuckets(state),
    in_flight: Object.keys(state.inFlight).length,
    max_concurrent_calls: state.spec.max_concurrent_calls,
    placed_today: shownDay(state)?.placed ?? 0,
    max_calls_per_day: state.spec.max_calls_per_day,
    late_events: state.heard.late,
    duplicate_events: state.heard.duplicate,
    malformed_signals: state.heard.malformed,
  };
}
