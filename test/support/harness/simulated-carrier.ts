/** The far side of a contract test: the simulator as one carrier, whose troubles have the same names at all carriers. */
import type { z } from 'zod';
import type { Outcome } from '../../../domain/engine/outcome.ts';
import type { CallProvider } from '../../../providers/port.ts';
import { LifeOutcome } from '../../../simulator/call-life.ts';
import type { FaultPlan } from '../../../simulator/faults.ts';
import type { SimulatorOptions } from '../../../simulator/options.ts';
import { createSimulator, type Simulator } from '../../../simulator/simulator.ts';
import { receiveWebhooks, type WebhookReceiver } from '../fakes/webhook-receiver.ts';
import type { ProviderHarness, Trouble } from '../provider-contract.ts';

type Plan = z.input<typeof FaultPlan>;
export type Fault = NonNullable<Plan['rules']>[number]['fault'];

/** The longest time that an adapter under the contract gives a request: tests of it wait longer, others never so long. */
export const TIMEOUT_MS = 2_000;
/** For tests of an adapter that expect every request to be answered, however busy the machine is. */
export const PATIENT_MS = 15_000;

const TROUBLES: Record<Trouble, Fault> = {
  'throttle for two seconds': { kind: 'throttle', retry_after: 2 },
  throttle: { kind: 'throttle' },
  'refuse the number': { kind: 'refuse' },
  unauthorized: { kind: 'account', status: 401 },
  'no funds': { kind: 'account', status: 402 },
  forbidden: { kind: 'account', status: 403 },
  'unknown agent': { kind: 'account', status: 404 },
  'fail before accepting': { kind: 'server_error', when: 'before' },
  'fail after accepting': { kind: 'server_error', when: 'after' },
  'lose the request': { kind: 'drop_reply', when: 'before' },
  'lose the reply': { kind: 'drop_reply' },
  'reply too late': { kind: 'delay_reply', ms: 1.5 * TIMEOUT_MS },
  'accept too late': { kind: 'delay_reply', ms: 1.5 * TIMEOUT_MS, when: 'before' },
  'garble the reply': { kind: 'garbled_reply' },
};

interface Sides {
  readonly simulator: Simulator;
  readonly receiver: WebhookReceiver;
  readonly provider: CallProvider;
  readonly close: () => Promise<void>;
}

interface Connecting {
  readonly options: z.input<typeof SimulatorOptions>;
  /** What signs the account's webhooks. Undefined: each call names where its webhooks go. */
  readonly secret?: string;
  readonly createProvider: (baseUrl: string, receiver: WebhookReceiver) => CallProvider;
  /** How the receiver of webhooks answers. Default: it takes them. */
  readonly answer?: Parameters<typeof receiveWebhooks>[0];
}

/** A simulator that listens, an adapter that is connected to it, and a receiver of its webhooks. */
export async function connect({ options, secret, createProvider, answer }: Connecting): Promise<Sides> {
  const receiver = await receiveWebhooks(answer);
  const simulator = createSimulator({ timeScale: 1_000, ...options });
  if (secret !== undefined) simulator.setWebhook({ url: receiver.url, secret });
  const provider = createProvider(await simulator.listen(), receiver);
  return {
    simulator,
    receiver,
    provider,
    async close() {
      await provider.close();
      await simulator.close();
      await receiver.close();
    },
  };
}

/** What a contract test needs of the far side, whatever the carrier. */
export async function createSimulatedHarness(
  connecting: Connecting,
  particulars: Pick<ProviderHarness, 'oddWebhooks' | 'signsNoTime' | 'never'>,
): Promise<ProviderHarness> {
  const { simulator, receiver, provider, close } = await connect(connecting);
  // Port 9 (discard) is reserved and not listened on.
  const unreachable = connecting.createProvider('http://127.0.0.1:9', receiver);
  const nextMeets = (fault: Fault) => simulator.setFaults({ rules: [{ fault, times: 1 }] });
  return {
    ...particulars,
    provider,
    unreachable,
    now: Date.now,
    provoke: (trouble) => nextMeets(TROUBLES[trouble]),
    letEnd: (outcome) => nextMeets({ kind: 'life', outcome: lifeOutcome(outcome) }),
    letLast: () => nextMeets({ kind: 'life', queue_ms: 86_400_000 }),
    letTalk: () => nextMeets({ kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: 86_400_000 }),
    callsUnder: (key) => simulator.ledger().calls.filter((call) => call.key === key).length,
    placements: () => simulator.ledger().requests.filter(({ on }) => on === 'place').length,
    lookUps: () => simulator.ledger().requests.filter(({ on }) => on === 'get' || on === 'list').length,
    webhooks: (enough) => receiver.until(enough),
    async close() {
      await unreachable.close();
      await close();
    },
  };
}

function lifeOutcome(outcome: Outcome): LifeOutcome {
  const read = LifeOutcome.safeParse(outcome);
  if (!read.success) throw new Error(`the simulator has no ${outcome} calls`);
  return read.data;
}
