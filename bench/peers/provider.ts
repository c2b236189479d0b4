/** The simulated provider of one run: how long its calls last, what it does to requests, and its ledger. */
import { z } from 'zod';
import type { SimulatorProcess } from '../../scripts/start/processes.ts';
import type { FaultPlan } from '../../simulator/faults.ts';

type Plan = z.input<typeof FaultPlan>;
type Fault = Plan['rules'];

/** By the last digit of the number: from 0.55 to 1.45 times the mean, so that calls do not end all at once. */
const LENGTHS = Array.from({ length: 10 }, (_, digit) => ({ digit: String(digit), factor: 0.55 + digit / 10 }));

const Ledger = z.object({
  calls: z.array(
    z.object({
      key: z.string().nullable(),
      phone_number: z.string(),
      accepted_at: z.number(),
      ended_at: z.number().nullable(),
    }),
  ),
});
export type LedgerCalls = z.infer<typeof Ledger>['calls'];

const Summary = z.object({
  accepted: z.number(),
  in_flight: z.number(),
  peak_in_flight: z.number(),
  requests_total: z.number(),
  requests_by_status: z.record(z.string(), z.number()),
});

export interface Situation {
  readonly accepted: number;
  readonly inFlight: number;
  readonly ended: number;
  readonly peak: number;
  /** Requests that have arrived and were not answered yet. */
  readonly pending: number;
  /** Requests that were too many. */
  readonly refused: number;
}

/** Every call reaches somebody, and lasts `meanMs` from acceptance to end on the average. */
export function lives(meanMs: number): NonNullable<Fault> {
  return LENGTHS.map(({ digit, factor }) => ({
    match: { phone_suffix: digit },
    fault: { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: Math.round(meanMs * factor) },
  }));
}

export function setRules(simulator: SimulatorProcess, rules: NonNullable<Fault>): Promise<void> {
  return setPlan(simulator, { rules });
}

export async function setPlan({ controlUrl }: SimulatorProcess, plan: Plan): Promise<void> {
  const response = await fetch(`${controlUrl}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(plan),
  });
  if (!response.ok) throw new Error(`The simulated provider refused its plan: ${await response.text()}`);
}

export async function readSituation({ controlUrl }: SimulatorProcess): Promise<Situation> {
  const summary = Summary.parse(await (await fetch(`${controlUrl}/ledger?summary=1`)).json());
  const answered = Object.values(summary.requests_by_status).reduce((sum, count) => sum + count, 0);
  return {
    accepted: summary.accepted,
    inFlight: summary.in_flight,
    ended: summary.accepted - summary.in_flight,
    peak: summary.peak_in_flight,
    pending: summary.requests_total - answered,
    refused: summary.requests_by_status['429'] ?? 0,
  };
}

export async function readCalls({ controlUrl }: SimulatorProcess): Promise<LedgerCalls> {
  return Ledger.parse(await (await fetch(`${controlUrl}/ledger`)).json()).calls;
}
