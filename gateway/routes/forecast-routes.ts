/** Forecasts of running and planned campaigns. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { inTurns } from '../../contact-files/turns.ts';
import { readForecastCampaign } from '../../db/forecast-input.ts';
import type { Pool } from '../../db/pool.ts';
import { refuseExpired } from '../../domain/api/campaign-terms.ts';
import { ForecastResponse } from '../../domain/forecast/response.ts';
import { refuseUnknownRegion } from '../../domain/windows/holidays.ts';
import { refuseWithoutRoom } from '../../domain/windows/room-to-dial.ts';
import { assume, forecast } from '../../domain/forecast/forecast.ts';
import { newForecastCampaign } from '../../domain/forecast/new-campaign.ts';
import { ForecastQuery, ForecastRequest, ForecastRequestHead, NO_AGENT } from '../../domain/forecast/request.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { assertNamesAllowed, chooseConnection, connectionsOf } from '../../providers/connections/choose.ts';
import type { Connections, OpenConnection } from '../../providers/connections/open-connections.ts';
import { dialMarginMs } from '../../domain/engine/dial-margin.ts';
import { forecastLimits } from './forecast-limits.ts';
import { type ContactBodies, dialMarginOf, noCampaign } from './campaigns-routes.ts';
import { plannedContacts, withUncopied } from './planned-contacts.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';
import { acceptJsonInRuns } from '../http/json-body.ts';
import { readingContacts } from '../http/contacts-body.ts';

export interface ForecastRoutesOptions {
  readonly pool: Pool;
  readonly connections: Connections;
  readonly clock: () => number;
}

/** A step takes some microseconds, or tens of them if calls begin in many small groups. */
const STEPS_PER_TURN = 200;

const ASSUMED =
  'The forecast assumes that the provider has no trouble, that nobody changes the campaign, that other campaigns use no calls per second of the connection and no calls per day of the account, and always need as many calls in flight as now, that all calls take equally long, and that the same share of each attempt is retried.';

export const forecastRoutes: FastifyPluginAsyncZod<ForecastRoutesOptions & ContactBodies> = async (app, options) => {
  const { pool, connections, clock, bodyLimit } = options;
  acceptJsonInRuns(app);

  app.get(
    '/batch-calls/:id/forecast',
    {
      schema: {
        summary: 'Forecast when a campaign finishes, and what limits it',
        description: ASSUMED,
        tags: ['campaigns'],
        params: z.object({ id: Uuid }),
        querystring: ForecastQuery,
        response: { 200: answerOf(ForecastResponse), ...refusals },
      },
    },
    async (request) => {
      const recorded = await readForecastCampaign(pool, request.caller.account, request.params.id, clock());
      if (!recorded) throw noCampaign();
      const campaign = await withUncopied(pool, recorded);
      const { connection: name, max_concurrent_calls: slots } = campaign.spec;
      const open = connections.get(name);
      const limits = await forecastLimits(pool, {
        account: request.caller.account,
        campaignId: request.params.id,
        slots,
        connections: open ? [open] : [],
        now: campaign.now,
      });
      const connection = { dialMarginMs: dialMarginOf(connections, name), ...limits.connection };
      const steps = forecast(campaign, assume(request.query, campaign.measured), connection, limits.account);
      return answer(request, await inTurns(steps, STEPS_PER_TURN));
    },
  );

  app.post(
    '/batch-calls/forecast',
    {
      bodyLimit,
      config: { changesNothing: true },
      preValidation: readingContacts(ForecastRequestHead),
      schema: {
        summary: 'Forecast a campaign before creating it',
        description: `Send the body that creates the campaign. name and agent_id are optional, and contact_count can replace the contacts. With \`timezone\` \`contact\`, or with a policy about hours, each contact is called in its own hours, and contacts whose time zone is not known are left out as \`unknown_zone\` says. Nothing is recorded. ${ASSUMED}`,
        tags: ['campaigns'],
        body: ForecastRequest,
        response: { 200: answerOf(ForecastResponse), ...refusals },
      },
    },
    async (request) => {
      const { body, caller } = request;
      const now = clock();
      const possible = possibleConnections(connections, caller.account, body);
      const marginMs = Math.max(0, ...possible.map(({ provider }) => dialMarginMs(provider.facts)));
      refuseExpired(body, now);
      refuseUnknownRegion(body.holidays);
      refuseWithoutRoom(body, marginMs);
      const allowed = possible.map(({ connection }) => connection);
      const contacts = await plannedContacts({ pool, now, allowed }, caller.account, body);
      const campaign = newForecastCampaign(body, contacts, now);
      const limits = await forecastLimits(pool, {
        account: caller.account,
        campaignId: null,
        slots: campaign.spec.max_concurrent_calls,
        connections: possible,
        now,
      });
      const connection = { dialMarginMs: marginMs, ...limits.connection };
      const steps = forecast(campaign, assume(body, campaign.measured), connection, limits.account);
      return answer(request, await inTurns(steps, STEPS_PER_TURN));
    },
  );
};

/**
 * The connections through which a planned campaign may call: the one that it names, or else all that the account may use.
 *
 * @throws RingfenceError `validation_error` if the only one does not allow what the plan names
 */
function possibleConnections(connections: Connections, account: string, plan: ForecastRequest): OpenConnection[] {
  const { connection: name, agent_id, phone_number_ids } = plan;
  const possible = name === null ? connectionsOf(connections, account) : [chooseConnection(connections, account, name)];
  const [only, ...others] = possible;
  const named = { agent_id: agent_id === NO_AGENT ? null : agent_id, phone_number_ids };
  if (only && others.length === 0) assertNamesAllowed(only.connection, named);
  return possible;
}
