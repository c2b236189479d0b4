import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { CallEvents } from './call-events.ts';
import { Calls } from './calls.ts';
import type { Carrier, CarrierContext } from './carrier.ts';
import { systemClock, Timers, type Clock } from './clock.ts';
import { serveControl } from './control.ts';
import { refuseInOutage } from './disturb.ts';
import { declareEntries, enter, entered } from './entry.ts';
import { ActiveFaultPlan } from './fault-plan.ts';
import { type CarrierName, FaultPlan, LACKS } from './faults.ts';
import { Ledger, type AcknowledgedEnd, type LedgerCall, type LedgerRequest, type LedgerSummary } from './ledger.ts';
import { disturbedLookUps } from './look-up.ts';
import { SimulatorOptions, WebhookTarget } from './options.ts';
import { PlaceRoute } from './place.ts';
import { createRetell } from './retell/retell.ts';
import { createTruedy } from './truedy/truedy.ts';
import { createTwilio } from './twilio/twilio.ts';
import { WebhookSender, type DeliveryCounts } from './webhook-sender.ts';

export interface FullLedger extends LedgerSummary {
  readonly webhooks: DeliveryCounts;
  readonly calls: readonly LedgerCall[];
  readonly requests: readonly LedgerRequest[];
  readonly ends: readonly AcknowledgedEnd[];
}

export interface Simulator {
  readonly app: FastifyInstance;
  /** Starts to listen and returns the API's root, ready to be the adapter's `baseUrl`. */
  listen(at?: { readonly port?: number; readonly host?: string }): Promise<string>;
  ledger(): FullLedger;
  summary(): Omit<FullLedger, 'calls' | 'requests' | 'ends'>;
  /** Forgets calls, keys, pending events and the ledger; the fault plan starts over. */
  reset(): void;
  /** @throws Error if the carrier cannot have one of the faults */
  setFaults(plan: z.input<typeof FaultPlan>): void;
  setWebhook(target: WebhookTarget | null): void;
  /** Leaves no timer and no connection. */
  close(): Promise<void>;
}

interface Surroundings {
  readonly clock?: Clock;
}

/** A voice provider over HTTP: it speaks the API of one carrier and misbehaves on request. */
export function createSimulator(
  input: z.input<typeof SimulatorOptions> = {},
  { clock = systemClock }: Surroundings = {},
): Simulator {
  const options = SimulatorOptions.parse(input);
  switch (options.carrier) {
    case 'truedy':
      return assemble(options, clock, createTruedy);
    case 'twilio':
      return assemble(options, clock, createTwilio);
    case 'retell':
      return assemble(options, clock, createRetell);
  }
}

function assemble<Details>(
  options: SimulatorOptions,
  clock: Clock,
  createCarrier: (context: CarrierContext) => Carrier<Details>,
): Simulator {
  const { seed, timeScale, outcomes, delivery, keyTtlMs, apiKey, account, reference } = options;
  const timers = new Timers(clock);
  let target = options.webhook;
  let ledger = new Ledger(options.keepRequests);
  let faults = options.faults;
  let plan = new ActiveFaultPlan(faults, seed, timers.now());

  const poses = () => plan.poses;
  const made = { apiKey, account, reference, seed, timeScale, timers, delivery, poses };
  const carrier = createCarrier({ ...made, target: () => target });
  const sender = new WebhookSender({
    timers,
    concurrency: delivery.concurrency,
    timeoutMs: delivery.timeoutMs,
    isOn: () => plan.poses.webhooks,
    onEnd: (end) => ledger.acknowledged(end),
  });
  const events = new CallEvents({ timers, seed, sender, reported: options.events, carrier });
  const calls = new Calls({ timers, seed, timeScale, outcomes, events, ledger: () => ledger, carrier });
  const placing = new PlaceRoute({ carrier, calls, timers, keyTtlMs, plan: () => plan });
  refuseForeign(faults, options.carrier);

  const control = {
    summary: () => ({ ...ledger.summary(), webhooks: sender.counts() }),
    ledger: () => ({ ...control.summary(), calls: ledger.calls, requests: ledger.requests, ends: ledger.ends }),
    setFaults(next: z.input<typeof FaultPlan>) {
      const read = FaultPlan.parse(next);
      refuseForeign(read, options.carrier);
      faults = read;
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
    return carrier.tell(
      reply,
      status < 500 ? { kind: 'bad_request' } : { kind: 'server_error', status, when: 'before' },
    );
  });
  app.setNotFoundHandler((_request, reply) => carrier.tell(reply, { kind: 'not_found' }));
  serveControl(app, control);
  void app.register(
    async (api) => {
      declareEntries(api);
      api.addHook('onRequest', async (request) => {
        enter(ledger, request, { at: timers.now(), on: carrier.kindOf(request) });
      });
      // The body has been read: it may hold the caller's own id of the call.
      api.addHook('preValidation', async (request, reply) => {
        entered(request).record.key = carrier.keyOf(request);
        const outage = plan.outageAt(timers.now());
        if (outage !== null) return refuseInOutage(outage, { request, reply, timers, carrier });
        return carrier.isAuthorized(request) ? undefined : carrier.tell(reply, { kind: 'unauthorized' });
      });
      api.addHook('onSend', async (request, reply) => entered(request).answered(reply.statusCode));
      carrier.serve(api, {
        calls,
        place: (request, reply) => placing.answer(request, reply),
        ask: disturbedLookUps({ timers, plan: () => plan, carrier }),
      });
    },
    { prefix: carrier.root },
  );

  return {
    app,
    ...control,
    async listen({ port = 0, host = '127.0.0.1' } = {}) {
      return (await app.listen({ port, host })) + carrier.root;
    },
    async close() {
      timers.close();
      await sender.close();
      await app.close();
    },
  };
}

function refuseForeign({ rules }: FaultPlan, carrier: CarrierName): void {
  const foreign = rules.find(({ fault }) => LACKS[carrier].some((kind) => kind === fault.kind));
  if (foreign) throw new Error(`${carrier} cannot have the fault ${foreign.fault.kind}: leave it out.`);
}
