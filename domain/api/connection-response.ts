/** Responses about connections. They contain no secrets. */
import { z } from 'zod';
import { NUMBER_KINDS } from '../contacts/number-kind.ts';

export const ConnectionResponse = z.object({
  name: z.string(),
  provider: z.string().describe('The carrier.'),
  calls_per_second: z.number().nullable().describe('Null: no limit.'),
  countries: z.array(z.string()).nullable().describe('Countries that may be called. Null: all.'),
  number_types: z.array(z.enum(NUMBER_KINDS)).describe('Kinds of numbers that may be called.'),
  agents: z.array(z.string()).nullable().describe('Agents that a campaign may name. Null: all.'),
  caller_numbers: z
    .array(z.string())
    .nullable()
    .describe('Numbers that a campaign may call from. Null: all that the provider accepts.'),
  webhook_url: z
    .string()
    .nullable()
    .describe('Where its webhooks arrive. Null: the gateway does not know its address.'),
  ready: z.boolean().describe('Whether this gateway can use it.'),
  missing: z
    .array(z.string())
    .describe('The secrets that this gateway lacks, as the connections file names them: `env:NAME` or `file:PATH`.'),
});
export type ConnectionResponse = z.infer<typeof ConnectionResponse>;
