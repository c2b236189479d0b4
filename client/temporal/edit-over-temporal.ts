/** Changes the terms of campaigns through Temporal alone. Apart from the other commands, because it needs zone data. */
import type { Client } from '@temporalio/client';
import { campaignEdit, type ChangeCampaignInput, readChange } from '../../domain/api/campaign-change.ts';
import { refuseExpired } from '../../domain/api/campaign-terms.ts';
import type { EditAcknowledgement } from '../../domain/engine/answers.ts';
import type { CampaignEdit } from '../../domain/engine/editing.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { editUpdate } from '../../workflows/messages.ts';
import type { CommandOptions } from '../campaign-control.ts';
import { readId } from '../campaign-id.ts';
import type { TemporalClient } from '../temporal-client.ts';
import { command } from './command.ts';

export interface CampaignEditing {
  /** @throws RingfenceError `temporal_unavailable` if no worker has answered: the edit may or may not take effect. */
  edit(id: string, change: ChangeCampaignInput, options?: CommandOptions): Promise<EditAcknowledgement>;
}

export function editOverTemporal(given: TemporalClient): CampaignEditing {
  const client = given as Client;
  return {
    async edit(id, change, options) {
      const stated = readChange(change);
      if (stated.ends_at !== undefined) refuseExpired({ ends_at: stated.ends_at }, Date.now());
      const outcome = await command<EditAcknowledgement, [CampaignEdit]>(
        client,
        client.workflow.getHandle(workflowId(readId(id, 'campaign'))),
        { update: editUpdate, args: [campaignEdit(stated)] },
        () => Promise.reject(new Error('no worker answered')),
        options,
      );
      if (outcome.acknowledged) return outcome;
      const message =
        'No worker answered in time, and the change may or may not take effect. Check the campaign and try again.';
      throw new RingfenceError('temporal_unavailable', message);
    },
  };
}
