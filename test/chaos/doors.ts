/** The two doors by which an order comes to a campaign: the HTTP API, and Temporal itself. */
import { randomUUID } from 'node:crypto';
import { type Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { campaignEdit, readChange } from '../../domain/api/campaign-change.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { type Api, ask, type Asked } from './api.ts';
import type { ContactOrder, Order as AnyOrder } from './campaigns.ts';

type Order = Exclude<AnyOrder, ContactOrder>;

export interface Doors {
  readonly api: Api;
  readonly temporal: Client;
}

const UPDATES = { pause: 'pauseAndWait', resume: 'resume', cancel: 'cancel' } as const;
const TIMEOUT_MS = 25_000;

/** Gives an order once, by its door. A signal is noted as sent and not answered. */
export async function knock(doors: Doors, campaignId: string, order: Order): Promise<Asked> {
  if (order.door === 'temporal') return tellWorkflow(doors.temporal, campaignId, order);
  const path = `/batch-calls/${campaignId}`;
  return order.kind === 'edit'
    ? ask(doors.api, 'PATCH', path, { body: order.change })
    : ask(doors.api, 'POST', `${path}/${order.kind}`);
}

async function tellWorkflow(temporal: Client, campaignId: string, order: Order): Promise<Asked> {
  const sentAt = Date.now();
  const came = (status: number | null, data: unknown): Asked => ({
    sentAt,
    answeredAt: Date.now(),
    status,
    left: true,
    data,
  });
  const handle = temporal.workflow.getHandle(workflowId(campaignId));
  try {
    if ((order.kind === 'pause' || order.kind === 'resume') && order.signal !== null) {
      await within(temporal, () => handle.signal(order.kind, 'x'.repeat(order.signal ?? 0)));
      return came(202, null);
    }
    const updateId = `chaos-${randomUUID()}`;
    const answer = await within<unknown>(temporal, () =>
      order.kind === 'edit'
        ? handle.executeUpdate('edit', { args: [campaignEdit(readChange(order.change))], updateId })
        : handle.executeUpdate(UPDATES[order.kind], { updateId }),
    );
    return came(200, answer);
  } catch (error) {
    return came(isRefusal(error) ? 409 : null, null);
  }
}

function within<T>(temporal: Client, work: () => Promise<T>): Promise<T> {
  return temporal.connection.withDeadline(Date.now() + TIMEOUT_MS, work);
}

/** By the workflow, by what the order itself says, or because there is no workflow that runs. */
function isRefusal(error: unknown): boolean {
  const name = (error as { readonly name?: unknown } | null)?.name;
  return error instanceof WorkflowUpdateFailedError || name === 'WorkflowNotFoundError' || name === 'RingfenceError';
}
