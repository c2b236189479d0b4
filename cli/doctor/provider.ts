/** The doctor's question to the provider: does it answer, and does it take our key. */
import { lookUp } from '../../providers/checked.ts';
import { providerFromEnv } from '../../providers/from-env.ts';
import type { CallProvider, LookUpResult } from '../../providers/port.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { type Finding, skipped, trouble, well } from './finding.ts';

const check = 'provider';
/** No call has such an id: looking it up changes nothing and finds nothing. */
const NO_CALL = 'ringfence-doctor';
/** What a look-up says when the provider has answered and has no such call. */
const ANSWERED = new Set(['not_found', 'variables_not_listed']);

export async function checkProvider(env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  if (!Object.keys(env).some((name) => name.startsWith('TRUEDY_'))) {
    return skipped(check, 'no TRUEDY_ variable is set here; workers and gateways have separate environments');
  }
  let provider: CallProvider;
  try {
    provider = providerFromEnv(env);
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    return trouble(check, error.message, 'Set the variables that it names; docs/operations.md lists them all.');
  }
  try {
    const [result] = await lookUp(provider, [{ callId: NO_CALL, providerCallId: null }]);
    return judge(provider.name, result ?? { kind: 'unknown', reason: 'adapter_failed' });
  } finally {
    await provider.close();
  }
}

function judge(name: string, result: LookUpResult): Finding {
  if (result.kind !== 'unknown' || ANSWERED.has(result.reason)) return well(check, `${name} answers`, { name });
  const { reason } = result;
  if (reason === 'http_401' || reason === 'http_403') {
    return trouble(check, `${name} refuses the key`, 'Set TRUEDY_API_KEY to a key of the account.', { reason });
  }
  const advice = 'Check TRUEDY_BASE_URL, including its path, and the network.';
  return trouble(check, `${name} gives an unexpected answer: ${reason}`, advice, { reason });
}
