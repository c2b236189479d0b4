import { createHash, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { fail } from './api.ts';
import { CallEvents } from './call-events.ts';
import { Calls } from './calls.ts';
import { systemClock, Timers, type Clock } from './clock.ts';
import { serveControl } from './control.ts';
import { ActiveFaultPlan } from './fault-plan.ts';
import { ACCOUNT_CODES } from './disturb.ts';
import { FaultPlan, type Outage } from './faults.ts';
import { Ledger, type LedgerCall, type LedgerRequest, type LedgerSummary } from './ledger.ts';
import { serveLookUps } from './look-up.ts';
import { SimulatorOptions, WebhookTarget } from './options.ts';
import { PlaceRoute } from './place.ts';
import { declareEntries, destroyConnection, enter, entered } from './entry.ts';
import { WebhookSender, type DeliveryCounts } from './webhook-sender.ts';

const API = '/api/public/v1';

export interface FullLedger extends LedgerSummary {
  readonly webhooks: DeliveryCounts;
  readonly calls: readonly LedgerCall[];
  readonly requests: readonly LedgerRequest[];
}

export interface Simulator {
  readonly app: FastifyInstance;
  /** Starts to listen and returns the API's root, ready to be the adapter's `baseUrl`. */
  listen(at?: { readonly port?: number; readonly host?: string }): Promise<string>;
  ledger(): FullLedger;
  summary(): Omit<FullLedger, 'calls' | 'requests'>;
  /** Forgets calls, keys, pending events and the ledger; the fault plan starts over. */
  reset(): void;
  setFaults(plan: z.input<typeof FaultPlan>): void;
  setWebhook(target: WebhookTarget | null): void;
  /** Leaves no timer and no connection. */
  close(): Promise<void>;
}

/** A voice provider over HTTP: it speaks the Truedy calls API and misbehaves on request. */
export function createSimulator(
  input: z.input<typeof SimulatorOptions> = {},
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Simulator {
  const options = SimulatorOptions.parse(input);
  const { seed, timeScale, outcomes, delivery, keyTtlMs } = options;
  const timers = new Timers(clock);
  let faults = options.faults;
  let plan = new ActiveFaultPlan(faults, seed, timers.now());
  let target = options.webhook;
  let ledger = new Ledger(options.keepRequests);

  const poses = () => plan.poses;
  const signsAnew = () => plan.poses.signs_anew;
  const sender = new WebhookSender({ timers, seed, delivery, signsAnew, target: () => target });
  const events = new CallEvents({ timers, seed, sender, reported: options.events, poses });
  const calls = new Calls({ timers, seed, timeScale, outcomes, events, ledger: () => ledger });
  const placing = new PlaceRoute({ calls, timers, keyTtlMs, plan: () => plan });

  const control = {
    summary: () => ({ ...ledger.summary(), webhooks: sender.counts() }),
    ledger: () => ({ ...control.summary(), calls: ledger.calls, requests: ledger.requests }),
    setFaults(next: z.input<typeof FaultPlan>) {
      faults = FaultPlan.parse(next);
      plan = new ActiveFaultPlan(faults, seed, timers.now());
    },
    setWebhook(next: WebhookTarget | null) {
      target = next === null ? null : WebhookTarget.parse(next);
    },
    reset() {
      timers.clear();
      sender.reset();
      calls.clear();
      placing.forgetKeys();
      ledger = new Ledger(options.keepRequests);
      control.setFaults(faults);
    },
  };

  const app = fastify({ forceCloseConnections: true, logger: false });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    return fail(reply, status, status < 500 ? 'bad_request' : 'internal', error.code);
  });
  serveControl(app, control);
  void app.register(
    async (api) => {
      declareEntries(api);
      api.addHook('onRequest', async (request, reply) => {
        enter(ledger, request, timers.now());
        const outage = plan.outageAt(timers.now());
        if (outage !== null) return refuse(outage, request, reply);
        if (hasKey(request.headers.authorization, options.apiKey)) return undefined;
        return fail(reply, 401, 'unauthorized', 'The key is not valid.');
      });
      api.addHook('onSend', async (request, reply) => entered(request).answered(reply.statusCode));
      placing.serve(api);
      serveLookUps(api, { calls, timers, plan: () => plan });
    },
    { prefix: API },
  );

  return {
    app,
    ...control,
    async listen({ port = 0, host = '127.0.0.1' } = {}) {
      return (await app.listen({ port, host })) + API;
    },
    async close() {
      timers.close();
      await sender.close();
      await app.close();
    },
  };
}

function refuse(how: Outage['how'], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  switch (how) {
    case '503':
      return fail(reply, 503, 'unavailable', 'Out of order.');
    case 'destroy':
      destroyConnection(request, reply);
      return reply;
    case '401':
    case '402':
    case '403':
      return fail(reply, Number(how), ACCOUNT_CODES[how], 'There is trouble with the account.');
  }
}

function hasKey(header: string | undefined, apiKey: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${apiKey}`));
}
