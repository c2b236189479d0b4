/** Ends live calls at their carriers, where these can. */
import { setTimeout as pause } from 'node:timers/promises';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { CallProvider } from '../../providers/port.ts';
import type { Env } from '../env.ts';
import type { CallAtCarrier, Stopped } from './stop-calls.ts';

export interface HungUp {
  /** Ids of calls that the carrier has ended, or that had ended by then. */
  readonly ended: readonly string[];
  /** Calls that are or may be live all the same. */
  readonly not_ended: readonly { readonly call_id: string; readonly reason: string }[];
}

/** Requests at the same time, for each connection. */
const AT_ONCE = 8;
/** A carrier ends a call within a second or two of the request. */
const LOOK_AGAIN_MS = 500;
const LOOKS = 8;

/** Why no call of a connection can be ended from here. */
class CannotHangUp {
  constructor(readonly reason: string) {}
}

export async function hangUp(env: Env, { campaigns }: Stopped, calls: readonly CallAtCarrier[]): Promise<HungUp> {
  const ended: string[] = [];
  const notEnded: { call_id: string; reason: string }[] = campaigns
    .flatMap(({ unknown }) => unknown)
    .map((call_id) => ({ call_id, reason: 'the carrier has not confirmed the call, so its id there is not known' }));
  await Promise.all(
    [...new Set(calls.map(({ connection }) => connection))].map(async (connection) => {
      const theirs = calls.filter((call) => call.connection === connection);
      const provider = await openProvider(env, connection);
      if (provider instanceof CannotHangUp) {
        notEnded.push(...theirs.map(({ callId }) => ({ call_id: callId, reason: provider.reason })));
        return;
      }
      const queue = theirs.values();
      const endNext = async () => {
        for (const call of queue) {
          const failure = await endCall(provider, call);
          if (failure === null) ended.push(call.callId);
          else notEnded.push({ call_id: call.callId, reason: failure });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, endNext));
      await provider.close();
    }),
  );
  return { ended, not_ended: notEnded };
}

async function openProvider(env: Env, name: string): Promise<CallProvider | CannotHangUp> {
  const { connectionNamed, connectionsFromEnv } = await import('../../providers/connections/connections.ts');
  try {
    const provider = connectionNamed(connectionsFromEnv(env), name).open();
    if (provider.hangUp) return provider;
    await provider.close();
    return new CannotHangUp(`the API of ${provider.name} cannot end calls`);
  } catch (error) {
    if (error instanceof RingfenceError) return new CannotHangUp(error.message);
    throw error;
  }
}

/** Null: the call has ended. */
async function endCall(provider: CallProvider, { callId, providerCallId }: CallAtCarrier): Promise<string | null> {
  const { hangUp: askToEnd, lookUp } = await import('../../providers/checked.ts');
  let result = await askToEnd(provider, providerCallId);
  for (let looks = 0; result?.kind === 'live' && looks < LOOKS; looks += 1) {
    await pause(LOOK_AGAIN_MS);
    const [found] = await lookUp(provider, [{ callId, providerCallId }]);
    result = found?.kind === 'ended' ? found : result;
  }
  if (result === null) return 'the adapter failed';
  switch (result.kind) {
    case 'ended':
      return null;
    case 'live':
      return 'the carrier has taken the request, and the call had not ended yet';
    case 'unknown':
      return `the carrier's answer: ${result.reason}`;
  }
}
