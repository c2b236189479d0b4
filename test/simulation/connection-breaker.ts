import {
  admit,
  type Admission,
  afterAnswer,
  CLOSED,
  concernsBreaker,
  type ConnectionBreaker,
  heldBy,
  type Passage,
} from '../../domain/dialling/connection-breaker.ts';
import type { Verdict } from '../../domain/dialling/connection-verdict.ts';
import type { DialRequest } from '../../domain/engine/starting-calls.ts';
import type { PlacementResult } from '../../domain/engine/placement.ts';

/** The circuit breaker of a connection, which campaigns share as they do by db/connection-breakers.ts. */
export class VirtualBreaker {
  private state: ConnectionBreaker = CLOSED;

  /** What a dial would be told that does not take a turn yet. */
  peek(dial: VirtualDial, now: number, random: number): Admission {
    return admit(this.state, dial, now, random);
  }

  admit(dial: VirtualDial, now: number, random: number): Admission {
    const admission = admit(this.state, dial, now, random);
    this.state = admission.breaker;
    return admission;
  }

  /** Takes in the answer to a dial, and returns what its campaign is told if that is trouble of the whole connection. */
  tell(callId: string, passage: Passage, verdict: Verdict, now: number, random: number): PlacementResult | null {
    if (!concernsBreaker(passage, verdict)) return null;
    this.state = afterAnswer(this.state, { callId, opening: passage.opening, verdict }, now, random);
    return verdict.kind === 'fails' ? heldBy(this.state, now, random) : null;
  }
}

type VirtualDial = Pick<DialRequest, 'probeNow'> & { readonly callId: string };
