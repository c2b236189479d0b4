/** The doctor's question to the provider: does it answer, and does it take our key. */
import { lookUp } from '../../providers/checked.ts';
import { connectionsFromEnv } from '../../providers/connections/connections.ts';
import type { Connection } from '../../providers/connections/connection.ts';
import type { CallProvider, LookUpResult } from '../../providers/port.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { type Finding, skipped, trouble, well } from './finding.ts';

const check = 'provider';
/** No call has such an id: looking it up changes nothing and finds nothing. */
const NO_CALL = 'ringfence-doctor';
/** The same for carriers that search only for requests that were sent. It has the form of the ids that carriers check. */
const NO_PROVIDER_CALL = `CA${'0'.repeat(32)}`;
/** What a look-up says when the provider has answered and has no such call. */
const ANSWERED = new Set(['not_found', 'variables_not_listed']);

/** The connections of this environment, and a finding about each; one about all of them where they cannot be read. */
export function findConnections(env: Readonly<Record<string, string | undefined>>): {
  readonly known: readonly Connection[];
  readonly checked: readonly Promise<Finding>[];
} {
  if (!env.RINGFENCE_CONNECTIONS && !Object.keys(env).some((name) => name.startsWith('TRUEDY_'))) {
    const found =
      'neither RINGFENCE_CONNECTIONS nor a TRUEDY_ variable is set here; workers and gateways have separate environments';
    return { known: [], checked: [Promise.resolve(skipped(check, found))] };
  }
  try {
    const known = connectionsFromEnv(env);
    return { known, checked: known.map(checkConnection) };
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    const advice = 'Correct the file or the variables that it names; docs/operations.md lists them all.';
    return { known: [], checked: [Promise.resolve(trouble(check, error.message, advice))] };
  }
}

async function checkConnection(connection: Connection): Promise<Finding> {
  const { name } = connection;
  let provider: CallProvider;
  try {
    provider = connection.open();
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    return trouble(check, error.message, 'Set the secrets that it names; docs/operations.md lists them all.', { name });
  }
  try {
    const answer = await ask(provider, null);
    const isAsked = answer.kind !== 'unknown' || answer.reason !== 'not_searchable';
    return judge(name, isAsked ? answer : await ask(provider, NO_PROVIDER_CALL));
  } finally {
    await provider.close();
  }
}

async function ask(provider: CallProvider, providerCallId: string | null): Promise<LookUpResult> {
  const [result] = await lookUp(provider, [{ callId: NO_CALL, providerCallId }]);
  return result ?? { kind: 'unknown', reason: 'adapter_failed' };
}

function judge(name: string, result: LookUpResult): Finding {
  if (result.kind !== 'unknown' || ANSWERED.has(result.reason)) return well(check, `${name} answers`, { name });
  const { reason } = result;
  if (reason === 'http_401' || reason === 'http_403') {
    return trouble(check, `${name} refuses the key`, 'Set its key to one of the account.', { name, reason });
  }
  const advice = 'Check its base URL, including the path, and the network.';
  return trouble(check, `${name} gives an unexpected answer: ${reason}`, advice, { name, reason });
}
