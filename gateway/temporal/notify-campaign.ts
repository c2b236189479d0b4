/** Signals that tell a running campaign that something has changed which it must look at. */
import type { Client } from '@temporalio/client';
import { workflowId } from '../../domain/engine/ids.ts';
import { accountRoomSignal, contactsChangedSignal, zoneDataSignal } from '../../workflows/messages.ts';
import { isWorkflowNotFound, temporalUnavailable } from '../../client/temporal/temporal-errors.ts';

/** Long enough for a busy server. The next sweep notifies a campaign that was not reached. */
const SIGNAL_TIMEOUT_MS = 3_000;

/** A campaign without a workflow needs no notice: it reads everything when it is started again. */
export interface NotifyCampaign {
  /**
   * A new release of the IANA data.
   * @throws RingfenceError `temporal_unavailable`
   */
  readonly ofZoneData: (campaignId: string, version: string) => Promise<void>;
  /**
   * People were added to it, or taken out of it.
   * @throws RingfenceError `temporal_unavailable`
   */
  readonly ofContacts: (campaignId: string) => Promise<void>;
  /**
   * Its account may place calls again today.
   * @throws RingfenceError `temporal_unavailable`
   */
  readonly ofAccountRoom: (campaignId: string) => Promise<void>;
}

export function campaignNotifier(client: Client): NotifyCampaign {
  const handleOf = (campaignId: string) => client.workflow.getHandle(workflowId(campaignId));
  const signal = async (send: () => Promise<void>) => {
    try {
      await client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, send);
    } catch (error) {
      if (!isWorkflowNotFound(error)) throw temporalUnavailable(error);
    }
  };
  return {
    ofZoneData: (campaignId, version) => signal(() => handleOf(campaignId).signal(zoneDataSignal, version)),
    ofContacts: (campaignId) => signal(() => handleOf(campaignId).signal(contactsChangedSignal)),
    ofAccountRoom: (campaignId) => signal(() => handleOf(campaignId).signal(accountRoomSignal)),
  };
}
