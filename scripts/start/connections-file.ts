/** A connections file with one connection, to a simulated carrier on this machine. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Carriers that are described in a connections file. Truedy has the variables `TRUEDY_*`. */
export type FileCarrier = 'twilio' | 'retell';

export interface SimulatedConnection {
  readonly provider: FileCarrier;
  /** Root of the simulated API. */
  readonly baseUrl: string;
  /** Root of the gateway, as the carrier reaches it. */
  readonly webhookBaseUrl: string;
  readonly countries: readonly string[];
  readonly ringSeconds: number;
  readonly maxDurationSeconds: number;
  readonly queueBoundSeconds: number;
  readonly requestTimeoutSeconds: number;
}

/** The simulator's own account at Twilio. */
const ACCOUNT = `AC${'0'.repeat(32)}`;
/** For fiction, as the people of the examples have them. */
const CALLER_NUMBER = '+14155550100';

/**
 * Writes the file and, beside it, the file with its secret.
 *
 * @param name the file's name, without its ending
 * @returns the path, for RINGFENCE_CONNECTIONS
 */
export async function writeConnectionsFile(
  folder: string,
  name: string,
  connection: SimulatedConnection,
  secret: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const secretFile = `${name}.secret`;
  await writeFile(join(folder, secretFile), `${secret}\n`, { mode: 0o600 });
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, connectionsFile(connection, secretFile));
  return file;
}

export function connectionsFile(connection: SimulatedConnection, secretFile: string): string {
  const { provider, baseUrl, webhookBaseUrl, countries } = connection;
  const { ringSeconds, maxDurationSeconds, queueBoundSeconds, requestTimeoutSeconds } = connection;
  return `# Written at each start. The carrier is simulated on this machine: no real calls are made.
connections:
  ${provider}:
    provider: ${provider}
${ownFields(provider, secretFile)}
    base_url: ${baseUrl}
    webhook_base_url: ${webhookBaseUrl}
    countries: [${countries.join(', ')}]
    number_types: [mobile, fixed_line]
    caller_numbers: ['${CALLER_NUMBER}']
    # A new account has one call per second. The simulated carrier has no such limit, and its calls last seconds.
    calls_per_second: 1000
    ring_seconds: ${ringSeconds}
    max_duration_seconds: ${maxDurationSeconds}
    queue_bound_seconds: ${queueBoundSeconds}
    request_timeout_seconds: ${requestTimeoutSeconds}
`;
}

function ownFields(provider: FileCarrier, secretFile: string): string {
  switch (provider) {
    case 'twilio':
      return `    account_sid: ${ACCOUNT}
    auth_token: file:${secretFile}
    twiml: <Response><Say>Hello {{first_name}}, this is a demonstration.</Say></Response>`;
    case 'retell':
      return `    api_key: file:${secretFile}`;
  }
}
