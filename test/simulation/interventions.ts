/** What is done from outside, to a campaign or to what campaigns share on a connection. */
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import type { VirtualCampaign } from './campaign.ts';
import type { VirtualSharedLimit } from './shared-limit.ts';

/** Something that is done to a campaign, at an instant after its start. */
export type Intervention = { readonly afterMs: number } & (
  | {
      readonly kind:
        | 'pause'
        | 'resume'
        | 'cancel'
        | 'cancel_request'
        | 'new_run'
        | 'long_history'
        | 'save'
        | 'reset'
        | 'forgetful_reset'
        | 'round_trip';
    }
  | { readonly kind: 'terminate'; readonly downMs: number }
  | { readonly kind: 'limit'; readonly limit: number }
  | { readonly kind: 'cap'; readonly cap: number | null }
  /** The end is moved to so long from then; null: there is none any more. */
  | { readonly kind: 'ends'; readonly inMs: number | null }
  | { readonly kind: 'schedule'; readonly schedule: EngineSpec['schedule'] }
  | { readonly kind: 'add'; readonly contacts: number }
  /** `which` in [0, 1) chooses one of the contacts that wait. */
  | { readonly kind: 'remove'; readonly which: number }
  | { readonly kind: 'call_at'; readonly which: number; readonly inMs: number }
);

/** Something that is done to the limit of a connection or to its coordinator, at an instant after the start of the world. */
export type ConnectionIntervention = { readonly afterMs: number } & (
  | { readonly kind: 'shared_limit'; readonly limit: number }
  | { readonly kind: 'terminate_coordinator' | 'reset_coordinator' | 'new_coordinator_run' }
);

export function intervene(campaign: VirtualCampaign, intervention: Intervention): void {
  switch (intervention.kind) {
    case 'pause':
    case 'resume':
    case 'cancel':
      campaign.command(intervention.kind);
      return;
    case 'cancel_request':
      campaign.requestCancel();
      return;
    case 'new_run':
    case 'long_history':
      campaign.suggestNewRun(intervention.kind === 'long_history');
      return;
    case 'save':
      campaign.save();
      return;
    case 'reset':
    case 'forgetful_reset':
      campaign.reset(intervention.kind === 'forgetful_reset');
      return;
    case 'terminate':
      campaign.terminate(intervention.downMs);
      return;
    case 'round_trip':
      campaign.roundTrip();
      return;
    case 'limit':
      campaign.edit({ max_concurrent_calls: intervention.limit });
      return;
    case 'cap':
      campaign.edit({ max_calls_per_day: intervention.cap });
      return;
    case 'ends':
      campaign.edit({ ends_at: intervention.inMs === null ? null : campaign.clock.now + intervention.inMs });
      return;
    case 'schedule':
      campaign.edit({ schedule: intervention.schedule });
      return;
    case 'add':
      campaign.changeRoster((roster) => roster.add(intervention.contacts));
      return;
    case 'remove':
      campaign.changeRoster((roster) => roster.remove(intervention.which));
      return;
    case 'call_at': {
      const at = campaign.clock.now + intervention.inMs;
      campaign.changeRoster((roster) => roster.moveCall(intervention.which, at));
      return;
    }
  }
}

export function interveneInSharing(sharedLimit: VirtualSharedLimit, intervention: ConnectionIntervention): void {
  switch (intervention.kind) {
    case 'shared_limit':
      sharedLimit.setLimit(intervention.limit);
      return;
    case 'terminate_coordinator':
      sharedLimit.terminate();
      return;
    case 'reset_coordinator':
      sharedLimit.reset();
      return;
    case 'new_coordinator_run':
      sharedLimit.suggestNewRun();
      return;
  }
}
