/** A connections file with one connection, to a simulated carrier on this machine. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Margins } from './margins.ts';

/** Carriers that are described in a connections file. Truedy has the variables `TRUEDY_*`. */
type FileCarrier = 'twilio' | 'retell';

interface SimulatedConnection {
  readonly provider: FileCarrier;
  /** Root of the simulated API. */
  readonly baseUrl: string;
  /** Root of the gateway, as the carrier reaches it. */
  readonly webhookBaseUrl: string;
  readonly countries: readonly string[];
  readonly margins: Margins;
}

const FILE = 'connections.yaml';
const SECRET_FILE = 'connections.secret';
/** The simulator's own account at Twilio. */
const ACCOUNT = `AC${'0'.repeat(32)}`;
/** For fiction, as the people of the examples have them. */
const CALLER_NUMBER = '+14155550100';

/**
 * Writes the file and, beside it, the file with its secret.
 *
 * @returns the path, for RINGFENCE_CONNECTIONS
 */
export async function writeConnectionsFile(
  folder: string,
  connection: SimulatedConnection,
  secret: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, SECRET_FILE), `${secret}\n`, { mode: 0o600 });
  const file = join(folder, FILE);
  await writeFile(file, textOf(connection));
  return file;
}

function textOf({ provider, baseUrl, webhookBaseUrl, countries, margins }: SimulatedConnection): string {
  return `# Written at each start. The carrier is simulated on this machine: no real calls are made.
connections:
  ${provider}:
    provider: ${provider}
${ownFields(provider)}
    base_url: ${baseUrl}
    webhook_base_url: ${webhookBaseUrl}
    countries: [${countries.join(', ')}]
    number_types: [mobile, fixed_line]
    caller_numbers: ['${CALLER_NUMBER}']
    # A new account has one call per second. The simulated carrier has no such limit, and its calls last seconds.
    calls_per_second: 1000
    ring_seconds: ${margins.ringS}
    max_duration_seconds: ${margins.maxDurationS}
    queue_bound_seconds: ${margins.queueBoundS}
    request_timeout_seconds: ${margins.requestTimeoutS}
`;
}

function ownFields(provider: FileCarrier): string {
  switch (provider) {
    case 'twilio':
      return `    account_sid: ${ACCOUNT}
    auth_token: file:${SECRET_FILE}
    twiml: <Response><Say>Hello {{first_name}}, this is a demonstration.</Say></Response>`;
    case 'retell':
      return `    api_key: file:${SECRET_FILE}`;
  }
}
