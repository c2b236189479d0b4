import { randomBytes } from 'node:crypto';
import type { CallLife } from './faults.ts';
import { type CallStatus, type DisconnectionReason, statusAfter } from './words.ts';

export interface PhoneCallRequest {
  readonly from_number: string;
  readonly to_number: string;
  readonly override_agent_id?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly retell_llm_dynamic_variables?: Readonly<Record<string, string>> | undefined;
}

/** A call as the API shows it. Absent fields are not there yet. */
export interface PhoneCall extends PhoneCallRequest {
  readonly call_id: string;
  readonly call_type: 'phone_call';
  readonly direction: 'outbound';
  readonly agent_id: string;
  readonly agent_version: number;
  call_status: CallStatus;
  start_timestamp?: number;
  end_timestamp?: number;
  duration_ms?: number;
  disconnection_reason?: DisconnectionReason;
  transcript?: string;
}

export interface CallTimes {
  readonly ringMs: number;
  readonly talkMs: number;
}

/** Calls and their lives: `registered`, then `ongoing` if someone answers, then over. */
export class Calls {
  readonly all: PhoneCall[] = [];
  readonly #times: CallTimes;
  readonly #tell: (event: string, call: PhoneCall) => void;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(times: CallTimes, tell: (event: string, call: PhoneCall) => void) {
    this.#times = times;
    this.#tell = tell;
  }

  register(request: PhoneCallRequest, life: CallLife): PhoneCall {
    const { override_agent_id: agentId = 'agent_of_the_number', ...rest } = request;
    const call: PhoneCall = {
      call_id: `call_${randomBytes(14).toString('hex')}`,
      call_type: 'phone_call',
      direction: 'outbound',
      agent_id: agentId,
      agent_version: 1,
      call_status: 'registered',
      ...rest,
    };
    this.all.push(call);
    const isConnected = life === 'lasts' || statusAfter(life) === 'ended';
    this.#after(this.#times.ringMs, () => {
      if (!isConnected) return this.#end(call, life);
      Object.assign(call, { call_status: 'ongoing', start_timestamp: Date.now() } satisfies Partial<PhoneCall>);
      this.#tell('call_started', call);
      if (life !== 'lasts') this.#after(this.#times.talkMs, () => this.#end(call, life));
    });
    return call;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** A call that was never connected has no times. */
  #end(call: PhoneCall, reason: DisconnectionReason): void {
    const now = Date.now();
    const { start_timestamp: begun } = call;
    Object.assign(call, {
      call_status: statusAfter(reason),
      disconnection_reason: reason,
      duration_ms: begun === undefined ? 0 : now - begun,
      ...(begun === undefined ? {} : { end_timestamp: now, transcript: 'Agent: Hello.\nUser: Hello.\n' }),
    } satisfies Partial<PhoneCall>);
    this.#tell('call_ended', call);
    this.#tell('call_analyzed', { ...call });
  }

  #after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }
}
