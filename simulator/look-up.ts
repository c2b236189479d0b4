import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Carrier, CarrierHandlers } from './carrier.ts';
import type { Timers } from './clock.ts';
import { disturb } from './disturb.ts';
import type { ActiveFaultPlan } from './fault-plan.ts';
import { entered } from './entry.ts';

interface LookUpOptions {
  readonly timers: Timers;
  readonly plan: () => ActiveFaultPlan;
  readonly carrier: Pick<Carrier<never>, 'tell'>;
}

/** Lets the faults that are due befall a request about calls, whatever the carrier's route for it. */
export function disturbedLookUps({ timers, plan, carrier }: LookUpOptions): CarrierHandlers<never>['ask'] {
  return (answer) => async (request: FastifyRequest, reply: FastifyReply) => {
    const { record } = entered(request);
    const { request: faults } = plan().faultsFor({ on: record.on, key: null, phoneNumber: null });
    record.faults.push(...faults.map(({ kind }) => kind));
    const exchange = { request, reply, timers, carrier };
    if ((await disturb(faults, 'before', exchange)) || (await disturb(faults, 'after', exchange))) return reply;
    return answer(request, reply);
  };
}
