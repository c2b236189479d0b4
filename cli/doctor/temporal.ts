/** The doctor's questions to Temporal: server, namespace, search attributes, task queues and clock. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { counted } from '../../domain/engine/counted.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { dialQueue } from '../../domain/engine/task-queues.ts';
import { missingSearchAttributes } from '../../worker/search-attributes.ts';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { isNotFound } from '../../client/temporal/temporal-errors.ts';
import { clockFinding } from './clock.ts';
import { type Finding, skipped, trouble, well } from './finding.ts';

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
type QueueType = typeof TASK_QUEUE_TYPE_WORKFLOW | typeof TASK_QUEUE_TYPE_ACTIVITY;

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 5_000;
/** A worker asks for work at least once a minute; the server lists it for five minutes after it has last asked. */
const POLLED_WITHIN_MS = 90_000;

export interface AskedQueues {
  readonly taskQueue: string;
  /** Names of the connections that this tool knows. */
  readonly connections: readonly string[];
}

export async function checkTemporal(asked: AskedQueues): Promise<Finding[]> {
  let client: Client;
  try {
    client = await connectTemporal({ timeoutMs: CONNECT_TIMEOUT_MS });
  } catch (error) {
    return [unreachable(error), ...['namespace', 'search attributes', 'task queues'].map(notAsked)];
  }
  try {
    return await client.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, async () => {
      const { namespace } = client.options;
      const server = await checkServer(client);
      const { found, retention } = await findNamespace(client);
      if (!found) return [server, noNamespace(namespace), ...['search attributes', 'task queues'].map(notAsked)];
      const [attributes, queues, clock] = await Promise.all([
        orTold('search attributes', checkSearchAttributes(client)),
        checkQueues(client, asked),
        orTold('clock', checkClock(client)),
      ]);
      return [server, namespaceFinding(namespace, retention), attributes, ...queues, clock];
    });
  } catch (error) {
    return [unreachable(error)];
  } finally {
    await client.connection.close();
  }
}

function unreachable(error: unknown): Finding {
  const misconfigured = error instanceof RingfenceError && error.code === 'misconfigured';
  const { address } = error instanceof RingfenceError ? error.details : {};
  const where = typeof address === 'string' ? ` at ${address}` : '';
  return trouble(
    'Temporal',
    misconfigured ? error.message : `the server${where} does not answer`,
    misconfigured
      ? 'Correct the profile or the variables that it names.'
      : 'Check TEMPORAL_ADDRESS, or the profile that TEMPORAL_PROFILE names, its TLS settings and its API key.',
    error instanceof RingfenceError ? error.details : {},
  );
}

/** A server that answers need not answer everything: Temporal Cloud shows some of it to administrators only. */
async function orTold(check: string, asking: Promise<Finding>): Promise<Finding> {
  try {
    return await asking;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return trouble(
      check,
      `the server does not answer this: ${reason}`,
      'Use an identity with the permission to read it.',
    );
  }
}

function notAsked(check: string): Finding {
  return skipped(check, 'not checked: the server does not answer');
}

async function checkServer(client: Client): Promise<Finding> {
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  return well('Temporal', `server ${serverVersion} answers`, { server_version: serverVersion });
}

async function findNamespace(client: Client): Promise<{ found: boolean; retention: number | null }> {
  const { namespace } = client.options;
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const seconds = config?.workflowExecutionRetentionTtl?.seconds;
    return { found: true, retention: seconds == null ? null : Number(seconds) };
  } catch (error) {
    if (isNotFound(error)) return { found: false, retention: null };
    throw error;
  }
}

export function namespaceFinding(namespace: string, retention: number | null): Finding {
  const days =
    retention === null ? '' : `, keeps ended workflows for ${counted(Math.round(retention / 86_400), 'day')}`;
  return well('namespace', `${namespace} exists${days}`, { namespace, retention_s: retention });
}

function noNamespace(namespace: string): Finding {
  return trouble(
    'namespace',
    `there is no namespace ${namespace}`,
    `Set TEMPORAL_NAMESPACE to one that exists, or make it: temporal operator namespace create --namespace ${namespace}`,
    { namespace },
  );
}

async function checkSearchAttributes(client: Client): Promise<Finding> {
  const { namespace } = client.options;
  const check = 'search attributes';
  const missing = await missingSearchAttributes(client.connection.operatorService, namespace);
  if (missing.length === 0) return well(check, 'all are registered', { missing });
  const names = missing.map((name) => `--name ${name}`).join(' ');
  return trouble(
    check,
    `missing: ${missing.join(', ')}; campaigns run without them and cannot be filtered by them`,
    `Register them and restart workers and gateways: temporal operator search-attribute create --namespace ${namespace} --type Keyword ${names}`,
    { missing },
  );
}

/**
 * Campaigns run on one queue, and the dials of each connection on another. A worker that polls the first for workflows must poll
 * it for activities too.
 */
async function checkQueues(client: Client, { taskQueue, connections }: AskedQueues): Promise<Finding[]> {
  return Promise.all([
    orTold('task queues', checkQueue(client, taskQueue, TASK_QUEUE_TYPE_WORKFLOW, 'workflows')),
    orTold('task queues', checkQueue(client, taskQueue, TASK_QUEUE_TYPE_ACTIVITY, 'activities')),
    ...connections.map((name) =>
      orTold(
        'task queues',
        checkQueue(client, dialQueue(taskQueue, name), TASK_QUEUE_TYPE_ACTIVITY, `dials of ${name}`),
      ),
    ),
  ]);
}

async function checkQueue(client: Client, name: string, taskQueueType: QueueType, what: string): Promise<Finding> {
  const polls = await pollsOf(client, name, taskQueueType);
  const pollers = polls.filter(({ at }) => Date.now() - at < POLLED_WITHIN_MS).length;
  const facts = { task_queue: name, type: what, pollers };
  if (pollers > 0) {
    return well('task queues', `${what}: ${counted(pollers, 'worker polls', 'workers poll')} ${name}`, facts);
  }
  return trouble(
    'task queues',
    `${what}: no worker polls ${name}`,
    'Start a worker; its RINGFENCE_TASK_QUEUE, and the one that this tool was started with, must be the same.',
    facts,
  );
}

interface Poll {
  readonly identity: string;
  /** By the server's clock, in epoch milliseconds. */
  readonly at: number;
}

/** When each worker last asked for work. */
async function pollsOf(client: Client, name: string, taskQueueType: QueueType): Promise<Poll[]> {
  const { namespace } = client.options;
  const { pollers } = await client.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
  return (pollers ?? []).flatMap(({ identity, lastAccessTime: time }) =>
    time == null
      ? []
      : [{ identity: identity ?? '', at: Number(time.seconds ?? 0) * 1000 + Math.floor((time.nanos ?? 0) / 1e6) }],
  );
}

const CLOCK_QUEUE = 'ringfence-doctor';
/** The server refuses to be asked for less than two seconds. */
const POLL_MS = 4_000;
const ASK_AGAIN_MS = 50;

/**
 * No request tells the server's time, but it notes when somebody asked a queue for work: the doctor asks one that nobody
 * else uses, for a moment, and reads the note.
 */
async function checkClock(client: Client): Promise<Finding> {
  const { namespace } = client.options;
  const identity = randomUUID();
  const askedAt = Date.now();
  const enough = new AbortController();
  const polled = client.connection
    .withAbortSignal(enough.signal, () =>
      client.withDeadline(askedAt + POLL_MS, () =>
        client.workflowService.pollActivityTaskQueue({ namespace, taskQueue: { name: CLOCK_QUEUE }, identity }),
      ),
    )
    // That it is broken off is how it always ends.
    .catch(() => {});
  let theirs: number | undefined;
  while (theirs === undefined && Date.now() < askedAt + POLL_MS) {
    await pause(ASK_AGAIN_MS);
    theirs = (await pollsOf(client, CLOCK_QUEUE, TASK_QUEUE_TYPE_ACTIVITY)).find(
      (poll) => poll.identity === identity,
    )?.at;
  }
  const answeredAt = Date.now();
  enough.abort();
  await polled;
  if (theirs === undefined) return skipped('clock', "the Temporal server's clock could not be read");
  return clockFinding('the Temporal server', { askedAt, theirs, answeredAt });
}
