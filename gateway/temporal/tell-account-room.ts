import type { Client } from '@temporalio/client';
import { workflowId } from '../../domain/engine/ids.ts';
import { accountRoomSignal } from '../../workflows/messages.ts';

/** Long enough for a busy server. The next sweep tells a campaign that was not reached. */
const SIGNAL_TIMEOUT_MS = 3_000;

export type TellAccountRoom = (campaignIds: readonly string[]) => Promise<void>;

/** Returns a function that tells campaigns that their account may place calls again today. */
export function accountRoomTeller(client: Client): TellAccountRoom {
  return async (campaignIds) => {
    await client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () =>
      Promise.all(
        campaignIds.map((id) =>
          client.workflow
            .getHandle(workflowId(id))
            .signal(accountRoomSignal)
            .catch(() => {}),
        ),
      ),
    );
  };
}
