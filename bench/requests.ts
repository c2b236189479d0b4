/**
 * `npm run bench -- requests`: what one request costs everybody else. The worst bodies that we know of go to every route,
 * as large as they may be, one at a time. Meanwhile `/healthz` is asked every few milliseconds, and the gateway's own event
 * loop is watched from inside: the longest time between two of its turns is what anybody may have to wait for.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openPool } from '../db/pool.ts';
import { markdownTable } from '../scripts/markdown-table.ts';
import { type GatewayProcess, startGateway } from '../scripts/start/processes.ts';
import { createCampaign } from './campaign.ts';
import { importPeople, numberOf } from './contacts.ts';
import { memoryOf } from './cpu.ts';
import type { Attack, Targets } from './requests/attack.ts';
import { attacksOn } from './requests/attacks.ts';
import { EVENT_LOOP_SOCKET, longestTurn } from './requests/delay-socket.ts';
import { largestFields } from './requests/json-bodies.ts';
import { HealthProbe } from './requests/probe.ts';
import { send, type Sent } from './requests/send.ts';
import { rounded } from './statistics.ts';
import type { MeasuredSystem } from './system.ts';

export interface RequestsOptions {
  /** How often each request is sent. */
  readonly rounds: number;
  /** Of the requests' names and routes: those that hold this. */
  readonly only: string;
}

export interface RequestRow {
  readonly request: string;
  readonly route: string;
  readonly bytes: number;
  /** Null where the connection was closed without an answer. */
  readonly status: number | null;
  /** Until the request's own answer, median of the rounds. */
  readonly ms: number;
  /** The longest wait for an answer to `/healthz`: median of the rounds, and the most of them. */
  readonly health_ms: Delay;
  /** The longest time between two turns of the gateway's event loop. */
  readonly event_loop_ms: Delay;
}

interface Delay {
  readonly median: number;
  readonly most: number;
}

export interface RequestsReport {
  readonly rounds: number;
  readonly aim_ms: number;
  /** The same while nothing is asked but `/healthz`. */
  readonly idle: { readonly health_ms: number; readonly event_loop_ms: number };
  readonly gateway_peak_mb: number;
  readonly over_aim: number;
  /** The longest first. */
  readonly rows: readonly RequestRow[];
}

const AIM_MS = 250;
const LARGEST_CONTACTS = 10_000;
const LATER = '2099-01-01T00:00:00Z';
/** What a request has left behind, such as garbage, shows within this time. */
const AFTERMATH_MS = 100;
const IDLE_MS = 3_000;

interface Watch {
  readonly healthMs: number;
  readonly eventLoopMs: number;
}

export async function measureRequests(
  system: MeasuredSystem,
  { rounds, only }: RequestsOptions,
): Promise<RequestsReport> {
  await system.workerReady;
  const loop = join(system.logs, '..', 'event-loop');
  const gateway = await startWatched(system, loop);
  const probe = new HealthProbe(gateway.url);
  const watch = async (): Promise<Watch> => {
    const [health, eventLoopMs] = await Promise.all([probe.report(), longestTurn(loop)]);
    if (health.answers === 0) throw new Error('The gateway answers no question after its health any more.');
    return { healthMs: health.longestMs, eventLoopMs };
  };
  try {
    const targets = await prepare(system);
    const attacks = attacksOn(targets).filter(({ name, route }) => `${route} ${name}`.includes(only));
    await watch();
    await pause(IDLE_MS);
    const idle = await watch();
    const rows: RequestRow[] = [];
    for (const attack of attacks) {
      const tries: (Sent & Watch)[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await watch();
        const sent = await send(gateway.url, system.api.apiKey, attack);
        await pause(AFTERMATH_MS);
        tries.push({ ...sent, ...(await watch()) });
      }
      rows.push(rowOf(attack, tries));
      console.error(JSON.stringify(rows.at(-1)));
    }
    const { peak } = await memoryOf(gateway.pid);
    rows.sort((a, b) => b.event_loop_ms.median - a.event_loop_ms.median);
    console.error(tableOf(rows));
    return {
      rounds,
      aim_ms: AIM_MS,
      idle: { health_ms: rounded(idle.healthMs, 0), event_loop_ms: rounded(idle.eventLoopMs, 0) },
      gateway_peak_mb: Math.round(peak / 1e6),
      over_aim: rows.filter(({ event_loop_ms: { median } }) => median > AIM_MS).length,
      rows,
    };
  } finally {
    await probe.stop();
  }
}

/** For people who look on. */
export function tableOf(rows: readonly RequestRow[]): string {
  return markdownTable(
    ['Request', 'Route', 'Bytes', 'Status', 'Answer, ms', 'Health, ms', 'Event loop, ms', 'most'],
    rows.map(({ request, route, bytes, status, ms, health_ms: health, event_loop_ms: loop }) => [
      request,
      route,
      bytes,
      status ?? 'closed',
      ms,
      health.median,
      loop.median,
      loop.most,
    ]),
  );
}

/** A gateway beside the system's own one, which tells of its event loop. */
async function startWatched(system: MeasuredSystem, socket: string): Promise<GatewayProcess> {
  const logFile = join(system.logs, 'watched-gateway.log');
  return system.children.start(
    { name: 'The gateway that is watched', logFile, rank: 2 },
    () =>
      startGateway({
        logFile,
        port: 0,
        env: {
          ...system.workerEnv,
          RINGFENCE_API_KEY: system.api.apiKey,
          [EVENT_LOOP_SOCKET]: socket,
          NODE_OPTIONS: `--import tsx --import ${new URL('./requests/event-loop.ts', import.meta.url).href}`,
        },
      }),
    (child) => child,
  );
}

async function prepare(system: MeasuredSystem): Promise<Targets> {
  const campaign = await createCampaign(system, await importPeople(system.ringfence, 100), {
    schedule_type: 'scheduled',
    scheduled_at: LATER,
  });
  const folder = await system.ringfence.folders.create({ name: 'The largest' });
  const secret = system.workerEnv.TRUEDY_WEBHOOK_SECRETS;
  if (secret === undefined) throw new Error('The system has no secret for webhooks.');
  return {
    campaignId: campaign.id,
    largestFolder: folder.id,
    largestContacts: await insertLargest(system, folder.id),
    webhookSecret: secret,
  };
}

/** Straight into the table: uploading two gigabytes would take longer than all that is measured. */
async function insertLargest(system: MeasuredSystem, folderId: string): Promise<string[]> {
  const pool = openPool(system.databaseUrl, { max: 1 });
  try {
    const { rows } = await pool.query<{ id: string }>(
      `insert into contacts (folder_id, phone_number, custom_fields)
       select $1, phone_number, $3 from unnest($2::text[]) as phone_number returning id`,
      [folderId, Array.from({ length: LARGEST_CONTACTS }, (_, n) => numberOf(n)), largestFields()],
    );
    return rows.map(({ id }) => id);
  } finally {
    await pool.end();
  }
}

function rowOf({ name, route }: Attack, tries: readonly (Sent & Watch)[]): RequestRow {
  const delay = (of: (one: Watch) => number): Delay => ({
    median: Math.round(median(tries.map(of))),
    most: Math.round(Math.max(...tries.map(of))),
  });
  const [first] = tries;
  return {
    request: name,
    route,
    bytes: first?.bytes ?? 0,
    status: first?.status ?? null,
    ms: Math.round(median(tries.map(({ ms }) => ms))),
    health_ms: delay(({ healthMs }) => healthMs),
    event_loop_ms: delay(({ eventLoopMs }) => eventLoopMs),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
