/** The processes of a run, and which of them speak to which. */

export const PARTS = ['worker-1', 'worker-2', 'gateway-1', 'gateway-2', 'postgres', 'temporal'] as const;
export type PartName = (typeof PARTS)[number];

export const KINDS = ['worker', 'gateway', 'postgres', 'temporal'] as const;
export type PartKind = (typeof KINDS)[number];

export function kindOf(part: PartName): PartKind {
  return KINDS.find((kind) => part.startsWith(kind))!;
}

/**
 * A way that messages go, from who opens the connection to who listens. All workers and gateways come to the provider by
 * one: a call may be repeated only at the very address at which it was tried.
 */
export interface Link {
  readonly from: PartName | 'ringfence' | 'provider';
  readonly to: PartName | 'provider';
}

const WORKERS = ['worker-1', 'worker-2'] as const;
const GATEWAYS = ['gateway-1', 'gateway-2'] as const;

export const LINKS: readonly Link[] = [
  ...[...WORKERS, ...GATEWAYS].flatMap((from) => (['postgres', 'temporal'] as const).map((to) => ({ from, to }))),
  { from: 'ringfence', to: 'provider' },
  ...GATEWAYS.map((to) => ({ from: 'provider' as const, to })),
];

export function linkName({ from, to }: Link): string {
  return `${from} > ${to}`;
}
