/** What somebody with access to Temporal may do to the workflows of campaigns, and how ended ones are started again. */
import { DEFAULTS } from '../../worker/defaults.ts';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { type CampaignTerms, engineSpec } from '../../domain/api/campaign-request.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { type Api, ask } from './api.ts';
import type { Of } from './disturbances.ts';
import { type CampaignNotes, type NotedTermination, noteAnswer, noteOrder } from './notes.ts';

export interface WorkflowFaultsOptions {
  readonly api: Api;
  readonly pool: pg.Pool;
  readonly temporal: Client;
  readonly say: (line: string) => void;
  /** Campaigns that have been created and are not over. */
  readonly running: () => readonly CampaignNotes[];
}

const TIMEOUT_MS = 10_000;
const AGAIN_AFTER_MS = 1_500;
/** Longer than it may take until a campaign is known to be interrupted. */
const RESTART_WITHIN_MS = 90_000;
const LONGEST_TEXT = 1_900_000;

export class WorkflowFaults {
  readonly #waiting = new Map<CampaignNotes, NotedTermination>();

  constructor(private readonly options: WorkflowFaultsOptions) {}

  async touch(fault: Of<'workflow'>): Promise<void> {
    const { running, say } = this.options;
    const campaigns = running().filter((notes) => !this.#waiting.has(notes));
    const notes = campaigns[Math.floor(fault.which * campaigns.length)];
    if (!notes) return;
    try {
      say(`workflow ${fault.action} "${notes.label}"`);
      await this.#touch(fault, notes);
    } catch (error) {
      say(`workflow ${fault.action} "${notes.label}" failed: ${(error as Error).message}`);
    }
  }

  /** Starts again every workflow that was ended and waits for it. */
  async startAll(): Promise<void> {
    await Promise.all([...this.#waiting].map(([notes, termination]) => this.#startAgain(notes, termination)));
  }

  async #touch(fault: Of<'workflow'>, notes: CampaignNotes): Promise<void> {
    const handle = this.options.temporal.workflow.getHandle(workflowId(notes.id));
    switch (fault.action) {
      case 'terminate': {
        await this.#within(() => handle.terminate('chaos'));
        const termination = { at: Date.now(), restartedAt: Infinity };
        notes.terminations.push(termination);
        this.#waiting.set(notes, termination);
        if (fault.againAfterMs === null) return;
        await pause(fault.againAfterMs);
        return this.#startAgain(notes, termination);
      }
      case 'reset':
        return this.#reset(notes, fault.what);
      case 'cancel':
        return this.#within(async () => void (await handle.cancel()));
      case 'signal': {
        const nonsense = nonsenseOf(fault.what);
        return this.#within(() => handle.signal('callEvents', nonsense));
      }
      case 'edit': {
        const terms = { max_concurrent_calls: nonsenseOf(fault.what), name: nonsenseOf(fault.what * 0.9) };
        return this.#within(async () => void (await handle.executeUpdate('edit', { args: [{ change: {}, terms }] })));
      }
    }
  }

  async #reset(notes: CampaignNotes, where: number): Promise<void> {
    const { temporal } = this.options;
    const handle = temporal.workflow.getHandle(workflowId(notes.id));
    const { runId, status } = await this.#within(() => handle.describe());
    if (status.name !== 'RUNNING') return;
    const { events } = await this.#within(() => handle.fetchHistory());
    const points = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
    const point = points[Math.floor(where * points.length)];
    if (!point) return;
    notes.resets.push(Date.now());
    await this.#within(() =>
      temporal.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: workflowId(notes.id), runId },
        reason: 'chaos',
        workflowTaskFinishEventId: point.eventId!,
        requestId: randomUUID(),
      }),
    );
  }

  /** By the API where it knows how; else as an operator does who starts the workflow by hand. */
  async #startAgain(notes: CampaignNotes, termination: NotedTermination): Promise<void> {
    const { api, say } = this.options;
    const giveUpAt = Date.now() + RESTART_WITHIN_MS;
    while (this.#waiting.has(notes)) {
      const order = noteOrder(notes, 'restart', Date.now());
      const asked = await ask(api, 'POST', `/batch-calls/${notes.id}/restart`);
      noteAnswer(notes, order, asked);
      const known = asked.status !== 404 && asked.status !== 405;
      if (asked.status === 200 || asked.status === 202 || asked.status === 201) break;
      // 409: nobody knows yet that it was interrupted, or it is over.
      if (!known || Date.now() > giveUpAt) {
        if (await this.#startByHand(notes)) break;
      } else if (!this.options.running().includes(notes)) break;
      await pause(AGAIN_AFTER_MS);
    }
    termination.restartedAt = Date.now();
    this.#waiting.delete(notes);
    say(`"${notes.label}" started again ${termination.restartedAt - termination.at} ms after its end`);
  }

  async #startByHand(notes: CampaignNotes): Promise<boolean> {
    const { pool, temporal, running } = this.options;
    if (!running().includes(notes)) return true;
    try {
      const { rows } = await pool.query<{ spec: CampaignTerms }>('select spec from campaigns where id = $1', [
        notes.id,
      ]);
      const spec = engineSpec(rows[0]!.spec);
      await this.#within(() =>
        temporal.workflow.start('campaign', {
          workflowId: workflowId(notes.id),
          taskQueue: DEFAULTS.taskQueue,
          args: [{ campaignId: notes.id, spec }],
        }),
      );
      return true;
    } catch (error) {
      return (error as Error).name === 'WorkflowExecutionAlreadyStartedError';
    }
  }

  #within<T>(work: () => Promise<T>): Promise<T> {
    return this.options.temporal.connection.withDeadline(Date.now() + TIMEOUT_MS, work);
  }
}

/** Something of any kind and size that is no event and no term. */
function nonsenseOf(what: number): unknown {
  const length = Math.round(LONGEST_TEXT ** ((what * 7) % 1));
  const text = 'x'.repeat(length);
  const kinds = [
    text,
    [text],
    [{ event_id: text }],
    { [text.slice(0, 200)]: text },
    null,
    length,
    [null, length],
    [[]],
  ];
  return kinds[Math.floor(what * kinds.length)];
}
