/** The limits over all campaigns of a run, and who must not be called. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CarrierName } from '../../simulator/faults.ts';
import type { Environment } from '../../scripts/start/processes.ts';

/** Fewer than the campaigns of a run would have in flight together, and dial at once. */
export const CONNECTION_LIMITS = { maxConcurrentCalls: 16, callsPerSecond: 12 } as const;

/** So few that a number in several campaigns, or with a few retries, comes to its limit. No limit is for less than an hour. */
export const NUMBER_LIMIT = { max: 4, hours: 1 } as const;

/** The country of all people of a run. Those of other countries must not be called. */
const COUNTRY = { name: 'US', prefix: '+1' } as const;
/** Numbers of France that belong to nobody. */
const FORBIDDEN_PREFIX = '+3319900';

/** The nth number that the connection does not allow. */
export function forbiddenNumber(n: number): string {
  return `${FORBIDDEN_PREFIX}${String(n % 10_000).padStart(4, '0')}`;
}

export function isForbidden(phoneNumber: string): boolean {
  return !phoneNumber.startsWith(COUNTRY.prefix);
}

/** Puts the limits into the connections file of the environment, or moves the variables of Truedy into such a file. */
export async function withConnectionLimits(carrier: CarrierName, env: Environment, home: string): Promise<Environment> {
  if (carrier === 'truedy') {
    const file = join(home, 'connections.yaml');
    await writeFile(file, truedyFile(env));
    return { ...env, RINGFENCE_CONNECTIONS: file };
  }
  const file = env.RINGFENCE_CONNECTIONS!;
  const text = await readFile(file, 'utf8');
  const limited = text
    .replace(/calls_per_second: .*/, `calls_per_second: ${CONNECTION_LIMITS.callsPerSecond}`)
    .replace(
      /countries: .*/,
      `countries: [${COUNTRY.name}]\n    max_concurrent_calls: ${CONNECTION_LIMITS.maxConcurrentCalls}`,
    );
  await writeFile(file, limited);
  return env;
}

function truedyFile(env: Environment): string {
  return `connections:
  truedy:
    provider: truedy
    base_url: ${env.TRUEDY_BASE_URL}
    api_key: env:TRUEDY_API_KEY
    webhook_secrets: env:TRUEDY_WEBHOOK_SECRETS
    request_timeout_seconds: ${env.TRUEDY_REQUEST_TIMEOUT}
    queue_bound_seconds: ${env.TRUEDY_QUEUE_BOUND}
    max_duration_seconds: ${env.TRUEDY_MAX_DURATION}
    join_timeout_seconds: ${env.TRUEDY_JOIN_TIMEOUT}
    key_ttl_seconds: ${env.TRUEDY_KEY_TTL}
    countries: [${COUNTRY.name}]
    number_types: [mobile, fixed_line]
    max_concurrent_calls: ${CONNECTION_LIMITS.maxConcurrentCalls}
    calls_per_second: ${CONNECTION_LIMITS.callsPerSecond}
`;
}
