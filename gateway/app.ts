import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler } from 'fastify-type-provider-zod';
import { onBehalfOf } from '../db/account-pool.ts';
import { findApiKeys } from '../db/api-keys.ts';
import type { Pool } from '../db/pool.ts';
import { API_ROOT } from '../domain/api/api-root.ts';
import { authenticate } from './http/auth.ts';
import { callAt } from './routes/call-at.ts';
import { campaignCommands, type CampaignCommandsOptions } from './routes/campaign-commands.ts';
import { campaignContacts, type CampaignContactsOptions } from './routes/campaign-contacts.ts';
import { campaignEdit, type CampaignEditOptions } from './routes/campaign-edit.ts';
import { campaignsRoutes, type CampaignRoutesOptions } from './routes/campaigns-routes.ts';
import { connectionsRoutes } from './routes/connections-routes.ts';
import { contactCalls } from './routes/contact-calls.ts';
import { contactsRoutes } from './routes/contacts-routes.ts';
import { answerBroken } from './http/broken-requests.ts';
import { closeAfterEarlyResponses } from './http/early-responses.ts';
import { answerError, answerUnknownRoute } from './http/errors.ts';
import { forecastRoutes } from './routes/forecast-routes.ts';
import { KEY_LIMITS, type KeyLimits, takeIdempotencyKeys } from './http/idempotent-writes.ts';
import { acceptJson } from './http/json-body.ts';
import { queueLargeRequests } from './http/large-requests.ts';
import { limitRate } from './http/rate-limit.ts';
import { health, type HealthOptions } from './routes/health.ts';
import { type SlowClientLimits, slowClientLimits } from './http/slow-client-limits.ts';
import { cutOffSlowBodies, serverLimits } from './http/slow-clients.ts';
import { completeDocument, INFO, TAGS } from './openapi/document.ts';
import { suppressionsRoutes } from './routes/suppressions-routes.ts';
import { BODY_LIMITS } from './http/body-limits.ts';
import { validatorCompiler } from './http/validation.ts';
import { webhooks, type WebhooksOptions } from './routes/webhooks.ts';

export interface GatewayDeps
  extends
    CampaignRoutesOptions,
    CampaignCommandsOptions,
    CampaignEditOptions,
    CampaignContactsOptions,
    WebhooksOptions,
    Omit<HealthOptions, 'healthPool'> {
  /** Connections for webhooks, so that requests cannot keep events out. Default: `pool`. */
  readonly webhookPool?: Pool;
  /** Connections for health checks. Default: `pool`. */
  readonly healthPool?: Pool;
  readonly campaigns: CampaignCommandsOptions['campaigns'] & CampaignEditOptions['campaigns'];
  readonly logger: FastifyBaseLogger;
  /**
   * Largest body of a campaign or a forecast, in bytes. Other requests have smaller limits.
   * @defaultValue `10485760` (10 MiB)
   */
  readonly bodyLimit?: number;
  /** Requests per minute of one key. @defaultValue `1200` */
  readonly requestsPerMinute?: number | undefined;
  /** Addresses and CIDR networks of trusted proxies, whose `X-Forwarded-For` counts. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Limits for idempotency keys that differ from the gateway's own. */
  readonly keyLimits?: Partial<KeyLimits>;
  /** Limits for slow clients that differ from the gateway's own. */
  readonly slowClients?: Partial<SlowClientLimits>;
}

/** The gateway, without a port: the caller listens, or injects requests. */
export async function buildGateway(deps: GatewayDeps): Promise<FastifyInstance> {
  const { pool, logger, bodyLimit = BODY_LIMITS.withContacts, requestsPerMinute, trustedProxies = [], ...rest } = deps;
  const slowClients = slowClientLimits(deps.slowClients);
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    // Fastify's own lines would contain whole URLs, including their queries.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: Math.min(bodyLimit, BODY_LIMITS.other),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    ...serverLimits(slowClients),
    clientErrorHandler: answerBroken(logger),
    frameworkErrors: (error, request, reply) => {
      void answerError(error, request, reply);
    },
  });
  app.removeContentTypeParser(['text/plain', 'application/json']);
  acceptJson(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerUnknownRoute);
  closeAfterEarlyResponses(app, slowClients);
  cutOffSlowBodies(app, slowClients);
  // Runs before the body is read: the route does not exist, whatever the body is.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return answerUnknownRoute(request, reply);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url: route = 'unknown' } = request.routeOptions;
    request.log.info({ method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'answered');
  });

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: INFO,
      tags: TAGS,
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) =>
      'openapiObject' in document ? completeDocument(document.openapiObject, API_ROOT) : document.swaggerObject,
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());

  await app.register(health, { healthPool: pool, ...rest });
  await app.register(webhooks, { ...rest, pool: deps.webhookPool ?? pool });
  await app.register(
    async (api) => {
      api.decorateRequest('caller');
      const limits = await limitRate(api, { requestsPerMinute });
      api.addHook('onRequest', authenticate({ findKeys: (hashes) => findApiKeys(pool, hashes), limits }));
      queueLargeRequests(api, BODY_LIMITS.other, slowClients);
      // Runs only now, so that a request whose body is still arriving holds no connection.
      api.addHook('preHandler', ({ caller, routeOptions }, _reply, done) => {
        // With a separate share, so that a flood of other requests cannot prevent an account from stopping its calls.
        const share = routeOptions.config.stopsCalls ? `${caller.account}, stopping calls` : caller.account;
        onBehalfOf(share, done);
      });
      takeIdempotencyKeys(api, { pool, limits: { ...KEY_LIMITS, ...deps.keyLimits } });
      api.addHook('onRoute', (route) => {
        route.schema = { ...route.schema, security: [{ key: [] }] };
      });
      await api.register(campaignsRoutes, { pool, bodyLimit, ...rest });
      await api.register(campaignCommands, { pool, logger, ...rest });
      await api.register(campaignEdit, { pool, logger, ...rest });
      await api.register(campaignContacts, { pool, logger, bodyLimit, ...rest });
      await api.register(callAt, { pool, logger, ...rest });
      await api.register(forecastRoutes, { pool, bodyLimit, ...rest });
      await api.register(contactCalls, { pool, ...rest });
      await api.register(contactsRoutes, { pool, bodyLimit, ...rest });
      await api.register(connectionsRoutes, { pool, ...rest });
      await api.register(suppressionsRoutes, { pool, ...rest });
    },
    { prefix: API_ROOT },
  );
  return app;
}
