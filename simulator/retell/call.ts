import { z } from 'zod';
import type { CallLimits } from '../call-life.ts';
import { draw } from '../draw.ts';
import { type SimulatedCall, toldCall } from '../simulated-call.ts';
import { type CallStatus, disconnectionOf } from './words.ts';

/** A call in the form of Retell's API, and the request that creates it. */

const E164 = /^\+[1-9]\d{6,14}$/;
/** The bounds of agent settings that one call may override. Its own limits, where it overrides none, are the longest. */
const DURATION_MS = { least: 60_000, most: 7_200_000 };
const RINGING_MS = { least: 5_000, most: 300_000 };

export const CreatePhoneCall = z.object({
  from_number: z.string().regex(E164),
  to_number: z.string().regex(E164),
  override_agent_id: z.string().min(1).default('agent_of_the_number'),
  agent_override: z
    .object({
      agent: z
        .object({
          max_call_duration_ms: z.int().min(DURATION_MS.least).max(DURATION_MS.most).default(DURATION_MS.most),
          ring_duration_ms: z.int().min(RINGING_MS.least).max(RINGING_MS.most).default(RINGING_MS.most),
        })
        .prefault({}),
    })
    .prefault({}),
  metadata: z.record(z.string(), z.unknown()).optional(),
  retell_llm_dynamic_variables: z.record(z.string(), z.string()).optional(),
});

export type RetellDetails = Pick<
  z.infer<typeof CreatePhoneCall>,
  'from_number' | 'metadata' | 'retell_llm_dynamic_variables'
>;
export type RetellCall = SimulatedCall<RetellDetails>;

export function limitsOf({ agent_override: { agent } }: z.infer<typeof CreatePhoneCall>): CallLimits {
  return { joinTimeoutMs: agent.ring_duration_ms, maxDurationMs: agent.max_call_duration_ms };
}

/** A call as the API shows it. Fields that are not there yet are absent, and a call that was never connected has no times. */
export interface PhoneCall extends RetellDetails {
  readonly call_id: string;
  readonly call_status: CallStatus;
  readonly [field: string]: unknown;
}

export function describeCall(call: RetellCall, seed: string): PhoneCall {
  const { entry, details } = call;
  const { state, outcome, startedAt, endedAt } = toldCall(call);
  const end = outcome === null ? null : disconnectionOf(outcome, draw(seed, entry.id, 'disconnection'));
  const isConnected = startedAt !== null;
  return {
    call_id: entry.id,
    call_type: 'phone_call',
    direction: 'outbound',
    agent_id: entry.agent_id,
    agent_version: 1,
    call_status: end?.status ?? (state === 'in_progress' ? 'ongoing' : 'registered'),
    to_number: entry.phone_number,
    ...details,
    ...(isConnected ? { start_timestamp: startedAt } : {}),
    ...(end === null ? {} : { disconnection_reason: end.reason, duration_ms: lasted(startedAt, endedAt) }),
    ...(end !== null && isConnected ? { end_timestamp: endedAt, transcript: 'Agent: Hello.\nUser: Hello.\n' } : {}),
  };
}

function lasted(startedAt: number | null, endedAt: number | null): number {
  return startedAt === null || endedAt === null ? 0 : endedAt - startedAt;
}
