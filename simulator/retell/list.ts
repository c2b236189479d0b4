/** `POST /v3/list-calls`: its filters, and the form of its answer. */
import { z } from 'zod';
import type { PhoneCall } from './call.ts';

const OneOf = z.object({ type: z.literal('enum'), op: z.literal('in'), value: z.array(z.string()) });
const Text = z.object({ type: z.literal('string'), op: z.enum(['eq', 'ne', 'sw', 'ew', 'co']), value: z.string() });
const Filter = z.discriminatedUnion('type', [OneOf, Text]);
type Filter = z.infer<typeof Filter>;
const Keyed = z.discriminatedUnion('type', [OneOf.extend({ key: z.string() }), Text.extend({ key: z.string() })]);

export const ListRequest = z.strictObject({
  filter_criteria: z.strictObject({ call_id: Filter.optional(), metadata: z.array(Keyed).optional() }).default({}),
  sort_order: z.enum(['ascending', 'descending']).default('descending'),
  limit: z.int().min(1).max(1_000).default(50),
  pagination_key: z.string().optional(),
});

export interface ListAnswer {
  readonly items: readonly object[];
  readonly has_more: boolean;
  readonly pagination_key?: string;
}

/**
 * All conditions hold together. Calls that are only registered are left out: no filter by status has a word for them.
 *
 * @param calls in the order of their acceptance
 */
export function listCalls(calls: readonly PhoneCall[], request: z.infer<typeof ListRequest>): ListAnswer {
  const { filter_criteria: criteria, sort_order: order, limit, pagination_key: from } = request;
  const matching = calls
    .filter(({ call_status }) => call_status !== 'registered')
    .filter(
      ({ call_id, metadata }) =>
        (criteria.call_id === undefined || passes(criteria.call_id, call_id)) &&
        (criteria.metadata ?? []).every((filter) => passes(filter, metadata?.[filter.key])),
    );
  const ordered = order === 'ascending' ? matching : matching.toReversed();
  const start = from === undefined ? 0 : ordered.findIndex(({ call_id }) => call_id === from) + 1;
  const page = ordered.slice(start, start + limit);
  const hasMore = start + limit < ordered.length;
  const last = page.at(-1);
  return {
    items: page.map(({ transcript: _transcript, ...call }) => call),
    has_more: hasMore,
    ...(hasMore && last !== undefined ? { pagination_key: last.call_id } : {}),
  };
}

function passes(filter: Filter, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (filter.type === 'enum') return filter.value.includes(value);
  switch (filter.op) {
    case 'eq':
      return value === filter.value;
    case 'ne':
      return value !== filter.value;
    case 'sw':
      return value.startsWith(filter.value);
    case 'ew':
      return value.endsWith(filter.value);
    case 'co':
      return value.includes(filter.value);
  }
}
