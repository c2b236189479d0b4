import type { Client } from '@temporalio/client';
import { CONNECTION_WORKFLOW, coordinatorStart } from '../../domain/engine/share-messages.ts';

/** Long enough for a busy server. A coordinator that was not reached looks by itself within a minute. */
const SIGNAL_TIMEOUT_MS = 3_000;

export type WakeCoordinators = (connections: readonly string[]) => Promise<void>;

/** Returns a function that has the limits of these connections divided again, because something has changed in the records. */
export function coordinatorWaker(client: Client, { taskQueue }: { readonly taskQueue: string }): WakeCoordinators {
  return async (connections) => {
    await client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () =>
      Promise.all(
        connections.map((connection) =>
          client.workflow.signalWithStart(CONNECTION_WORKFLOW, coordinatorStart(connection, taskQueue)).catch(() => {}),
        ),
      ),
    );
  };
}
