/** `connections call`: one real call, to see that an account works. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Outcome } from '../domain/engine/outcome.ts';
import { callId } from '../domain/engine/ids.ts';
import type { CallProvider, LookUpResult, PlaceResult } from '../providers/port.ts';
import { type Json, show } from './api.ts';
import { confirm } from './confirm.ts';
import { agentOf, connectionFor, singleCall } from './connection-preview.ts';
import type { Env } from './env.ts';
import { EXIT, type ExitCode, Finished } from './exit-codes.ts';
import { examples } from './help.ts';
import { lines } from './output.ts';
import { placeNow, placeUnlessStopped } from './stop/place-unless-stopped.ts';
import { printNote } from './terminal.ts';

const MORE = `
The call rings a real telephone and costs what the carrier asks for it. It belongs to no campaign: calling hours, suppressions and
limits do not apply to it. The command asks before it calls, and then asks the carrier about the call until it has ended or two
minutes have passed.

With DATABASE_URL the command reads the stops just before it calls, and does not call while one covers all campaigns, the connection, or
all accounts that may use it. A stop that begins at that moment waits until the call has left. Without DATABASE_URL the command does not
know of stops.

Exit codes: 0 the carrier accepted the call, 2 it refused it, 4 calls are stopped, 5 it was not reached or asks for a pause, 6 it may have
accepted it; otherwise those of every command.`;

const ASK_EVERY_MS = 2_000;
const WATCHED_MS = 120_000;

const EXIT_OF: Readonly<Record<PlaceResult['kind'], ExitCode>> = {
  accepted: EXIT.done,
  rejected: EXIT.refused,
  blocked: EXIT.refused,
  throttled: EXIT.unreachable,
  unavailable: EXIT.unreachable,
  expired: EXIT.unreachable,
  unknown: EXIT.notCompleted,
};

interface Flags extends Json {
  readonly to: string;
  readonly agent?: string;
  readonly yes?: true;
  readonly despiteStop?: true;
}

interface Called {
  readonly connection: string;
  readonly call_id: string;
  readonly result: PlaceResult['kind'];
  readonly reason: string | null;
  readonly provider_call_id: string | null;
  /** Null: the call had not ended when the command stopped asking, or was not placed. */
  readonly outcome: Outcome | null;
}

export function addConnectionCall(connections: Command, env: Env): void {
  connections
    .command('call')
    .description('Place one real test call, after asking.')
    .argument('<name>', 'name of the connection')
    .requiredOption('--to <number>', 'number to call, such as +14155550123')
    .option('--agent <id>', 'agent of the call (default: the first of the connection)')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option('--despite-stop', 'call although calls are stopped')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${examples(
        'connections call clinic-us --to +14155550123',
        'connections call retell --to +14155550123 --agent agent_1 --yes --json',
      )}\n${MORE}`,
    )
    .action(async (name: string, flags: Flags) => {
      let called: Called | undefined;
      await show(flags, async () => (called = await call(env, name, flags)), asText);
      const exitCode = called === undefined ? EXIT.unexpected : EXIT_OF[called.result];
      if (exitCode !== EXIT.done) throw new Finished(exitCode);
    });
}

async function call(env: Env, name: string, { to, agent, yes, despiteStop }: Flags): Promise<Called> {
  const connection = await connectionFor(env, name, to);
  const { place } = await import('../providers/checked.ts');
  const provider = connection.open();
  try {
    const id = callId({ campaignId: randomUUID(), seq: 1, attempt: 1 });
    const frozen = provider.freeze(singleCall(connection, id, to, agentOf(connection, agent)));
    if (!yes) await confirm(`Call ${to} now through ${name}? A real telephone rings.`);
    const placeBefore = (sendBefore: number) => place(provider, frozen, id, sendBefore);
    const answer = await (despiteStop ? placeNow(placeBefore) : placeUnlessStopped(env, connection, placeBefore));
    const placed = { connection: name, call_id: id, result: answer.kind, reason: reasonOf(answer) };
    if (answer.kind !== 'accepted') return { ...placed, provider_call_id: null, outcome: null };
    const { providerCallId } = answer;
    printNote(
      `${provider.name} accepted the call as ${providerCallId}. Waiting for its end; Ctrl-C stops waiting, not the call.`,
    );
    const outcome = await outcomeOf(provider, id, providerCallId);
    return { ...placed, provider_call_id: providerCallId, outcome };
  } finally {
    await provider.close();
  }
}

function reasonOf(answer: PlaceResult): string | null {
  return 'reason' in answer ? answer.reason : null;
}

async function outcomeOf(provider: CallProvider, id: string, providerCallId: string): Promise<Outcome | null> {
  const { lookUp } = await import('../providers/checked.ts');
  const until = Date.now() + WATCHED_MS;
  let found: LookUpResult | null | undefined;
  while (found?.kind !== 'ended' && Date.now() < until) {
    await pause(ASK_EVERY_MS);
    [found] = await lookUp(provider, [{ callId: id, providerCallId }]);
  }
  return found?.kind === 'ended' ? found.outcome : null;
}

function asText({ connection, call_id, result, reason, provider_call_id, outcome }: Called): string[] {
  return lines([
    ['Connection', connection],
    ['Call', call_id],
    ['Result', reason === null ? result : `${result}: ${reason}`],
    ["Carrier's id", provider_call_id ?? 'none'],
    ['Outcome', outcome ?? (result === 'accepted' ? 'not known yet' : 'none')],
  ]);
}
