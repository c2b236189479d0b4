/** The campaign API: `/batch-calls`. Reads come from PostgreSQL; only commands to a running campaign go to Temporal. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type CampaignPlace, listCampaignContacts, listCampaigns, readCampaign } from '../../db/campaign-queries.ts';
import { deleteEndedCampaign, type Kept } from '../../db/campaigns.ts';
import { Campaign, CampaignContactResponse } from '../../domain/api/campaign-responses.ts';
import { campaignTerms, CreateCampaign, CreateCampaignHead } from '../../domain/api/campaign-request.ts';
import { isStorable } from '../../domain/contacts/contact.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { isStartRefused } from '../../domain/api/failed-start.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { RecordedStatus } from '../../domain/api/interruption.ts';
import { BUCKETS } from '../../domain/engine/tally.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import { DEFAULTS } from '../../worker/defaults.ts';
import { dialMarginMs } from '../../domain/engine/dial-margin.ts';
import { campaignIdOf, createCampaign } from './create-campaign.ts';
import { answer, answerOf, list, listOf, refusals } from '../http/envelope.ts';
import { keepInTransaction } from '../http/idempotent-writes.ts';
import { acceptJsonInRuns } from '../http/json-body.ts';
import { Microseconds, pageShape, readPage, Seq } from '../http/page.ts';
import { readingContacts } from '../http/contacts-body.ts';
import { startRecorded, type StartOptions } from './start-recorded.ts';

export interface CampaignRoutesOptions extends StartOptions {
  readonly clock: () => number;
  readonly connections: Connections;
}

/** Options of routes whose bodies contain contacts. */
export interface ContactBodies {
  /** Largest body, in bytes. */
  readonly bodyLimit: number;
}

const CampaignPlace: z.ZodType<CampaignPlace> = z.strictObject({ createdAt: Microseconds, id: Uuid });
const Id = z.object({ id: Uuid });

export const campaignsRoutes: FastifyPluginAsyncZod<CampaignRoutesOptions & ContactBodies> = async (app, options) => {
  const { pool, clock, connections, bodyLimit } = options;
  acceptJsonInRuns(app);

  app.post(
    '/batch-calls',
    {
      bodyLimit,
      preValidation: readingContacts(CreateCampaignHead),
      schema: {
        summary: 'Create a campaign',
        tags: ['campaigns'],
        body: CreateCampaign,
        response: { 201: answerOf(Campaign), ...refusals },
      },
    },
    async (request, reply) => {
      const { body, caller, keyed } = request;
      const campaign = await createCampaign({ pool, now: clock(), connections }, caller.account, body, {
        ...(keyed ? { id: campaignIdOf(caller.account, keyed.key) } : {}),
        // The record of the campaign and that of its key are one: no repeat can call everybody again.
        atEnd: (tx, data) => keepInTransaction(request, reply, tx, { status: 201, data, campaignId: data.id }),
      });
      const { id } = campaign;
      try {
        await startRecorded(options, { id, terms: campaignTerms(body, campaign.connection) });
      } catch (error) {
        if (isStartRefused(error)) throw error;
        // The record is durable, and the sweeper starts every campaign without a workflow.
        request.log.warn({ campaign: id }, 'campaign recorded, its workflow is not started yet');
      }
      return reply.code(201).send(answer(request, campaign));
    },
  );

  app.get(
    '/batch-calls',
    {
      schema: {
        summary: 'List campaigns, newest first',
        tags: ['campaigns'],
        querystring: z.strictObject({
          agent_id: z.string().refine(isStorable, 'agent_id must be the id of an agent').optional(),
          status: z.enum(RecordedStatus.options, oneOf('status', RecordedStatus.options)).optional(),
          ...pageShape,
        }),
        response: { 200: listOf(Campaign), ...refusals },
      },
    },
    async (request) => {
      const { agent_id, status, ...query } = request.query;
      const { account } = request.caller;
      const asked = readPage(['campaigns', account, agent_id, status], query, CampaignPlace);
      const filter = { agentId: agent_id, status };
      return list(request, asked, await listCampaigns(pool, account, filter, asked.page, clock()));
    },
  );

  app.get(
    '/batch-calls/:id',
    {
      schema: {
        summary: 'Read a campaign',
        tags: ['campaigns'],
        params: Id,
        response: { 200: answerOf(Campaign), ...refusals },
      },
    },
    async (request) => {
      const campaign = await readCampaign(pool, request.caller.account, request.params.id, clock());
      if (!campaign) throw noCampaign();
      return answer(request, campaign);
    },
  );

  app.get(
    '/batch-calls/:id/contacts',
    {
      schema: {
        summary: "List a campaign's contacts",
        tags: ['campaigns'],
        params: Id,
        querystring: z.strictObject({
          status: z.enum(BUCKETS, oneOf('status', BUCKETS)).optional(),
          ...pageShape,
        }),
        response: { 200: listOf(CampaignContactResponse), ...refusals },
      },
    },
    async (request) => {
      const { status, ...query } = request.query;
      const { id } = request.params;
      const { account } = request.caller;
      const asked = readPage(['contacts of a campaign', account, id, status], query, Seq);
      const contacts = await listCampaignContacts(pool, account, id, { bucket: status }, asked.page);
      if (!contacts) throw noCampaign();
      return list(request, asked, contacts);
    },
  );

  app.delete(
    '/batch-calls/:id',
    {
      schema: {
        summary: 'Delete a campaign',
        tags: ['campaigns'],
        params: Id,
        response: { 200: answerOf(z.object({ id: Uuid, deleted: z.literal(true) })), ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const data = { id, deleted: true as const };
      const lastsMs = (name: string) => longestCallMs(connections, name);
      const outcome = await deleteEndedCampaign(pool, request.caller.account, id, lastsMs, (tx) =>
        keepInTransaction(request, reply, tx, { status: 200, data }),
      );
      if (outcome === 'not_found') throw noCampaign();
      if (outcome !== 'deleted') throw notYet(outcome);
      return answer(request, data);
    },
  );
};

/**
 * Longest time from a call's request to its end. The call may belong to a connection that this gateway does not have, so
 * the longest of the others counts, and at least a day.
 */
function longestCallMs(connections: Connections, name: string): number {
  const open = connections.get(name);
  const known = (open ? [open] : connections.all()).map(
    ({ provider: { facts } }) => facts.queueBoundMs + facts.callLifetimeMs + DEFAULTS.callGraceMs,
  );
  return Math.max(open ? 0 : A_DAY_MS, ...known);
}

/** How long before its hours end a campaign places its last call. For a connection that is gone: the longest of the others. */
export function dialMarginOf(connections: Connections, name: string): number {
  const open = connections.get(name);
  return Math.max(0, ...(open ? [open] : connections.all()).map(({ provider }) => dialMarginMs(provider.facts)));
}

const A_DAY_MS = 24 * 3_600_000;

function notYet({ status, callUntil }: Kept): RingfenceError {
  if (callUntil === null) {
    const message = `The campaign is ${status}: cancel it, and delete it after it has ended.`;
    return new RingfenceError('wrong_state', message, { details: { status } });
  }
  const until = new Date(callUntil).toISOString();
  const message = `The campaign is interrupted, and one of its calls may be live until ${until}: delete it then, or cancel it, which tracks the call to its end.`;
  return new RingfenceError('wrong_state', message, { details: { status, call_until: until } });
}

export function noCampaign(): RingfenceError {
  return new RingfenceError('not_found', 'There is no campaign with this id.', { field: 'id' });
}

function oneOf(field: string, options: readonly string[]): string {
  return `${field} must be one of ${options.join(', ')}`;
}
