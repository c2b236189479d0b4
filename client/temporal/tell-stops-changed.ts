import type { Client } from '@temporalio/client';
import { workflowId } from '../../domain/engine/ids.ts';
import { stopsChangedSignal } from '../../workflows/messages.ts';
import type { TemporalClient } from '../temporal-client.ts';
import { readId } from '../campaign-id.ts';
import { isWorkflowNotFound } from './temporal-errors.ts';

/** A server that is busy answers within this time. A campaign that was not told learns of the change by itself. */
const SIGNAL_TIMEOUT_MS = 3_000;

/**
 * Tells a campaign that stops have begun or ended, so that it looks at once. False: it was not reached, and looks later. A campaign
 * without a workflow needs no notice.
 */
export async function tellStopsChanged(given: TemporalClient, id: string): Promise<boolean> {
  const client = given as Client;
  const handle = client.workflow.getHandle(workflowId(readId(id, 'campaign')));
  try {
    await client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () => handle.signal(stopsChangedSignal));
    return true;
  } catch (error) {
    return isWorkflowNotFound(error);
  }
}
