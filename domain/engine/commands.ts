/** The commands of a campaign: when each is allowed, and what it does to the state. */
import type { CampaignState, CampaignStatus } from './campaign-state.ts';
import type { EngineSpec } from './campaign-spec.ts';
import { probeAtOnce } from './circuit-breaker.ts';
import { askConnectionAtOnce } from './connection-wait.ts';
import { newGroup } from './groups.ts';

export type Command = 'pause' | 'resume' | 'cancel';

/** Why the command is refused now, with what is possible instead. Null if it is allowed. */
export function refusal(
  state: { readonly status: CampaignStatus | 'interrupted'; readonly ending: CampaignState['ending'] },
  command: Command,
): string | null {
  if (isOver(state.status)) return `The campaign is ${state.status}; it accepts no more commands.`;
  if (state.ending) return 'The campaign is ending; its live calls are being followed to their end.';
  switch (command) {
    case 'pause':
      return state.status === 'paused' ? 'The campaign is already paused; resume it first.' : null;
    case 'resume':
      return state.status === 'paused' ? null : `The campaign is ${state.status}; only a paused one can be resumed.`;
    case 'cancel':
      return null;
  }
}

/** How many ids of commands and edits are kept. A repeat arrives within minutes, after a few other commands. */
const REMEMBERED = 50;

/** Whether a command or an edit with this id was processed before. What is sent by hand has no id. */
export function isProcessed({ commandIds }: Pick<CampaignState, 'commandIds'>, id: string | null): boolean {
  return id !== null && commandIds.includes(id);
}

export function rememberId({ commandIds }: Pick<CampaignState, 'commandIds'>, id: string | null): void {
  if (id === null) return;
  commandIds.push(id);
  commandIds.splice(0, commandIds.length - REMEMBERED);
}

/** Whether a command with this id was processed before. Keeps the id if not. */
export function isRepeat(state: Pick<CampaignState, 'commandIds'>, id: string | null): boolean {
  if (isProcessed(state, id)) return true;
  rememberId(state, id);
  return false;
}

/** Applies a command that is not refused. */
export function applyCommand(state: CampaignState, command: Command, now: number): void {
  switch (command) {
    case 'pause':
      state.status = 'paused';
      return;
    case 'resume':
      state.status = now < state.beginsAt ? 'scheduled' : 'active';
      probeAtOnce(state, now);
      askConnectionAtOnce(state, now);
      return;
    case 'cancel':
      state.ending = 'cancelled';
      return;
  }
}

/** Applies the changes that depend only on time: the campaign starts, and the remaining contacts expire. */
export function advance(state: CampaignState, now: number): void {
  if (state.status === 'scheduled' && now >= state.beginsAt) state.status = 'active';
  const { ends_at } = state.spec;
  if (ends_at !== null && now >= ends_at && !state.ending && !isOver(state.status)) state.ending = 'expired';
}

export function isOver(status: CampaignStatus | 'interrupted'): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** The state of a campaign before its first adoption. */
export function newCampaign(spec: EngineSpec, now: number): CampaignState {
  const beginsAt = spec.scheduled_at ?? now;
  const status = now < beginsAt ? 'scheduled' : 'active';
  return {
    version: 1,
    epoch: 0,
    placements: 0,
    spec,
    status,
    ending: null,
    closed: false,
    beginsAt,
    facts: null,
    groups: [newGroup(0)],
    day: null,
    placedByDay: {},
    ready: [],
    inFlight: {},
    settled: [],
    returned: [],
    released: [],
    endRetriesAfter: null,
    exchangeNumber: 0,
    rosterChanges: 0,
    roster: {
      buckets: { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 },
      countedAt: now,
    },
    breaker: null,
    accountTrouble: null,
    systemWait: null,
    connectionWait: null,
    stop: null,
    accountWait: null,
    sharedLimits: [],
    slowStart: null,
    lastSync: {
      status: 'scheduled',
      ending: null,
      waitingFor: 'start',
      until: beginsAt,
      placed: 0,
      zoneData: null,
      trouble: null,
    },
    pendingTerms: null,
    lastCommand: null,
    lastPlaced: null,
    pace: null,
    commandIds: [],
    superseded: false,
    heard: { late: 0, duplicate: 0, malformed: 0 },
  };
}
