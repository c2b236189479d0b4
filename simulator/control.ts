import type { FastifyInstance, FastifyReply } from 'fastify';
import type { z } from 'zod';
import { FaultPlan } from './faults.ts';
import { WebhookTarget } from './options.ts';

/** What the control routes may do with the simulator. */
export interface Control {
  ledger(): object;
  summary(): object;
  reset(): void;
  /** @throws Error if the carrier cannot have one of the faults */
  setFaults(plan: FaultPlan): void;
  setWebhook(target: WebhookTarget | null): void;
}

/** The routes that belong to the simulator itself, outside the provider's API and without its key. */
export function serveControl(app: FastifyInstance, control: Control): void {
  const put = <T>(path: string, schema: z.ZodType<T>, take: (value: T) => void) =>
    app.put(path, (request, reply: FastifyReply) => {
      const parsed = schema.safeParse(request.body);
      if (!parsed.success) {
        const problems = parsed.error.issues.map(({ path: at, message }) => ({ field: at.join('.'), message }));
        return reply.code(422).send({ error: 'The body is not valid.', problems });
      }
      try {
        take(parsed.data);
      } catch (error) {
        return reply.code(422).send({ error: (error as Error).message });
      }
      return reply.code(204).send();
    });

  app.get<{ Querystring: { summary?: string } }>('/ledger', (request, reply) =>
    reply.send(request.query.summary === '1' ? control.summary() : control.ledger()),
  );
  app.delete('/ledger', (_request, reply) => {
    control.reset();
    return reply.code(204).send();
  });
  put('/faults', FaultPlan, (plan) => control.setFaults(plan));
  put('/webhook', WebhookTarget.nullable(), (target) => control.setWebhook(target));
}
