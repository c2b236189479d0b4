import type { AddressInfo } from 'node:net';
import type { Client, Connection } from '@temporalio/client';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { connectTemporal } from '../client/temporal/connection.ts';
import { controlOverTemporal } from '../client/temporal/control-over-temporal.ts';
import { editOverTemporal } from '../client/temporal/edit-over-temporal.ts';
import { temporalUnreachable } from '../client/temporal/temporal-errors.ts';
import { EventDelivery, eventSignaller } from './temporal/event-delivery.ts';
import { workflowRestarter, workflowStarter } from './temporal/start-workflow.ts';
import { campaignNotifier } from './temporal/notify-campaign.ts';
import { commandRecaller } from './temporal/recall-command.ts';
import { renewingClient } from './temporal/renewing-client.ts';
import { coordinatorWaker } from './temporal/wake-coordinators.ts';
import { temporalPinger } from './temporal/temporal-pinger.ts';
import { readWorkflowStatus } from './temporal/workflow-status.ts';
import { addApiKey, hashKey } from '../db/api-keys.ts';
import { migrate } from '../db/migrate.ts';
import { openPool } from '../db/pool.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { DATABASE_LIMITS, HEALTH_LIMITS } from '../domain/engine/time-limits.ts';
import type { PolicyInput } from '../domain/windows/policies/policy.ts';
import { connectionOf } from '../providers/connections/connection.ts';
import { type Connections, OpenConnections } from '../providers/connections/open-connections.ts';
import type { CallProvider } from '../providers/port.ts';
import { DEFAULTS } from '../worker/defaults.ts';
import { takeOwnPolicies } from '../worker/own-policies.ts';
import { cannotListen } from '../worker/start-up.ts';
import { buildGateway } from './app.ts';
import { prepareShutdown } from './http/graceful-shutdown.ts';
import { startWatchingAccountLimits } from './background/account-limits-watch.ts';
import { startSweepingAccountRoom } from './background/account-room-sweeper.ts';
import { startSweepingLostCalls } from './background/lost-calls-sweeper.ts';
import { startDeletingOldKeys } from './background/old-keys-sweeper.ts';
import { startDeletingOldPlacements } from './background/old-placements-sweeper.ts';
import { startSweepingQueuedCalls } from './background/queued-calls-sweeper.ts';
import { startReconciling } from './background/reconciler.ts';
import { startTellingOfRosters } from './background/roster-changes-sweeper.ts';
import { startSweepingUnstarted } from './background/unstarted-sweeper.ts';
import { startZoneDataSweeping } from './background/zone-data-sweeper.ts';

/** Options of a gateway. The defaults are those of the gateway's settings. */
export interface RingfenceGatewayOptions {
  /**
   * Providers through which campaigns call, and whose webhooks it receives, each at `/webhooks/NAME`. The caller closes them
   * after the gateway.
   */
  readonly providers?: readonly CallProvider[];
  /** The connections of a file in place of `providers`: see `openConnections`. The caller closes them after the gateway. */
  readonly connections?: Connections;
  /** Connection string of PostgreSQL. The schema is migrated to the newest version. */
  readonly databaseUrl: string;
  /** Temporal client, which the caller closes. Default: one by Temporal's environment configuration. */
  readonly temporal?: Client;
  /** Task queue of the workers that run the campaigns. @defaultValue `'ringfence'` */
  readonly taskQueue?: string;
  /** Address that it listens on. @defaultValue `'127.0.0.1'` */
  readonly host?: string;
  /** Port that it listens on; 0 takes any free port. @defaultValue `8080` */
  readonly port?: number;
  /** A key with the scope `write` for the account `default`. Only its hash is stored. */
  readonly apiKey?: string | undefined;
  /** Largest body of a campaign or a forecast, in bytes. @defaultValue `10485760` (10 MiB) */
  readonly bodyLimit?: number;
  /** Requests per minute of one key. @defaultValue `1200` */
  readonly requestsPerMinute?: number;
  /**
   * Trusted proxies as IP addresses or CIDR networks: the `X-Forwarded-For` of their requests counts. Default: none, and the
   * header is ignored.
   */
  readonly trustedProxies?: readonly string[];
  /** Connections to PostgreSQL for the API. Webhooks and health checks use nine more. @defaultValue `20` */
  readonly databaseConnections?: number;
  /**
   * Own calling policies, for the whole process. One with the name of a policy of Ringfence replaces it. Give all
   * workers and gateways the same. Default: those that the process has; without any, the policies of Ringfence are known alone.
   */
  readonly policies?: readonly PolicyInput[];
  /** Default: JSON lines on standard output. */
  readonly logger?: FastifyBaseLogger;
}

/** A running gateway. */
export interface RingfenceGateway {
  /** The address that it listens on, as `http://host:port`. */
  readonly url: string;
  /** Answers the requests under way, within at most eight seconds, and closes all connections that the gateway opened. */
  close(): Promise<void>;
}

/** An event needs a connection for a millisecond or two, so these suffice for thousands of events a second. */
const WEBHOOK_CONNECTIONS = 8;

/**
 * Starts a gateway with any providers. It starts even if Temporal is unavailable: campaigns are recorded and events are
 * stored, and the workflows start when Temporal answers.
 *
 * @throws RingfenceError `database_unavailable` if PostgreSQL does not answer, `misconfigured` if it cannot listen on the port
 * or the policies are contradictory.
 * @example
 * const gateway = await startRingfenceGateway({ providers: [provider], databaseUrl: 'postgres://…', apiKey });
 * process.once('SIGTERM', () => gateway.close());
 */
export async function startRingfenceGateway({
  providers = [],
  connections = new OpenConnections(providers.map(connectionOf)),
  databaseUrl,
  taskQueue = DEFAULTS.taskQueue,
  host = DEFAULTS.gatewayHost,
  port = DEFAULTS.gatewayPort,
  databaseConnections = DEFAULTS.databaseConnections,
  logger = pino({ base: { service: 'gateway' } }),
  policies,
  ...options
}: RingfenceGatewayOptions): Promise<RingfenceGateway> {
  takeOwnPolicies(policies);
  await migrate(databaseUrl);
  const own = options.temporal
    ? null
    : await renewingClient({ connect: () => connectTemporal({ lazy: true }), logger });
  const temporal = options.temporal ?? own!.client;
  const pool = openPool(databaseUrl, { max: databaseConnections, limits: DATABASE_LIMITS, shared: true });
  const webhookPool = openPool(databaseUrl, { max: WEBHOOK_CONNECTIONS, limits: DATABASE_LIMITS });
  const healthPool = openPool(databaseUrl, { max: 1, limits: HEALTH_LIMITS });
  const closeConnections = async () => {
    await own?.close();
    await Promise.all([pool.end(), webhookPool.end(), healthPool.end()]);
  };
  try {
    if (options.apiKey !== undefined) {
      const hash = hashKey(options.apiKey);
      await addApiKey(pool, { account: 'default', name: 'RINGFENCE_API_KEY', scope: 'write', hash });
    }
    const startCampaign = workflowStarter(temporal, { taskQueue });
    const wakeCoordinators = coordinatorWaker(temporal, { taskQueue });
    const notify = campaignNotifier(temporal);
    const pingTemporal = temporalPinger(temporal);
    const look = (campaignId: string) => readWorkflowStatus(temporal, campaignId);
    const app = await buildGateway({
      pool,
      webhookPool,
      healthPool,
      logger,
      connections,
      campaigns: { ...controlOverTemporal(temporal), ...editOverTemporal(temporal) },
      startCampaign,
      restartWorkflow: workflowRestarter(temporal, { taskQueue }),
      readWorkflowStatus: look,
      wakeCoordinators,
      recallCommand: commandRecaller(temporal),
      notify,
      delivery: new EventDelivery(eventSignaller(temporal)),
      pingTemporal,
      clock: Date.now,
      ...(options.bodyLimit === undefined ? {} : { bodyLimit: options.bodyLimit }),
      requestsPerMinute: options.requestsPerMinute,
      trustedProxies: options.trustedProxies,
    });
    const drain = prepareShutdown(app);
    await app.listen({ host, port }).catch((error: unknown) => {
      throw cannotListen(error, { host, port, variable: 'RINGFENCE_PORT' });
    });
    void pingTemporal().catch((error: unknown) => logger.warn(withoutTemporal(error, temporal)));
    const sweeping = startSweepingUnstarted({ pool: webhookPool, startCampaign, logger });
    const reconciling = startReconciling({ pool: webhookPool, readWorkflowStatus: look, wakeCoordinators, logger });
    const correcting = startSweepingLostCalls({ pool: webhookPool, connections, logger });
    const cancelling = startSweepingQueuedCalls({ pool: webhookPool, connections, logger });
    const forgetting = startDeletingOldKeys({ pool: webhookPool, logger });
    const forgettingPlacements = startDeletingOldPlacements({ pool: webhookPool, logger });
    const telling = startZoneDataSweeping({ pool: webhookPool, notifyOfZoneData: notify.ofZoneData, logger });
    const introducing = startTellingOfRosters({ pool: webhookPool, notify, logger });
    const watching = startWatchingAccountLimits({ pool: webhookPool, wakeCoordinators, logger });
    const easing = startSweepingAccountRoom({ pool: webhookPool, connections, notify, logger });
    return {
      url: urlOf(app.server.address() as AddressInfo),
      async close() {
        await drain();
        const background = [
          sweeping,
          reconciling,
          telling,
          introducing,
          correcting,
          cancelling,
          forgetting,
          forgettingPlacements,
          easing,
          watching,
        ];
        await Promise.all(background.map((work) => work.stop()));
        await closeConnections();
      },
    };
  } catch (error) {
    await closeConnections();
    throw error;
  }
}

/** What the log says of a gateway that has started, and cannot start campaigns. */
function withoutTemporal(error: unknown, { connection }: Client): string {
  const { address } = (connection as Connection).options;
  const { message } = error instanceof RingfenceError ? error : temporalUnreachable(error, address);
  return `${message} Meanwhile campaigns are recorded, and not started.`;
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
