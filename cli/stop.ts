/** `stop` and `start`: for administrators, all campaigns at once or those of an account or a connection. */
import { Command } from 'commander';
import { type Json, show } from './api.ts';
import { withDatabase } from './database.ts';
import type { Env } from './env.ts';
import { EXIT, Finished } from './exit-codes.ts';
import { examples } from './help.ts';
import { addSelector, scopeOf, type Selector } from './stop/selector.ts';
import { startedText, stoppedText } from './stop/text.ts';

const MORE_OF_STOP = `
The command connects to the database (DATABASE_URL) and, if it can, to Temporal. The stop is a row in the database that every dial reads, so
it holds without Temporal and without workers. It covers campaigns that are created or resumed later, too.

When the command answers, no further call is dialled, except those that it names as live or possibly live: their requests had left. That
takes milliseconds, and up to half a minute if a worker is frozen.

--hang-up needs the connections of this environment (RINGFENCE_CONNECTIONS or TRUEDY_*).

Exit codes: 0 stopped, 4 "start" has ended the stop meanwhile, 5 a dial that began before may still be sent, 6 with --hang-up: calls are
or may be live; otherwise those of every command.`;

interface StopFlags extends Selector, Json {
  readonly reason?: string;
  readonly hangUp?: true;
}

export function stopCommand(env: Env): Command {
  return addSelector(new Command('stop'))
    .option('--hang-up', 'end live calls where the carrier can')
    .option('--reason <text>', 'why, for those who meet the stop')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${examples('stop --all', "stop --account shop --reason 'leaked key'", 'stop --connection clinic-us --hang-up --json')}\n${MORE_OF_STOP}`,
    )
    .action(async ({ json, reason, hangUp, ...selector }: StopFlags) => {
      const scope = scopeOf(selector);
      const [{ stopCalls }, { tellCampaigns: tell }] = await Promise.all([
        import('./stop/stop-calls.ts'),
        import('./stop/tell-campaigns.ts'),
      ]);
      const stopping = { reason: reason ?? null, tell };
      const { stopped, atCarrier } = await withDatabase(env, (pool) => stopCalls(pool, scope, stopping));
      const ended = hangUp && (await (await import('./stop/hang-up.ts')).hangUp(env, stopped, atCarrier));
      const answer = { ...stopped, ...(ended ? { hang_up: ended } : {}) };
      await show(json ? { json } : {}, async () => answer, stoppedText);
      if (!stopped.acknowledged) throw new Finished(EXIT.unreachable);
      if (ended && ended.not_ended.length > 0) throw new Finished(EXIT.notCompleted);
    });
}

const MORE_OF_START = `
The command ends the stop that was begun with the same option. Campaigns that the stop held go on, as far as no other stop covers them.
Paused campaigns stay paused.`;

export function startCommand(env: Env): Command {
  return addSelector(new Command('start'))
    .option('--json', 'print JSON')
    .addHelpText('after', `${examples('start --all', 'start --connection clinic-us --json')}\n${MORE_OF_START}`)
    .action(async ({ json, ...selector }: Selector & Json) => {
      const scope = scopeOf(selector);
      const [{ startCalls }, { tellCampaigns: tell }] = await Promise.all([
        import('./stop/end-stop.ts'),
        import('./stop/tell-campaigns.ts'),
      ]);
      await show(
        json ? { json } : {},
        () => withDatabase(env, (pool) => startCalls(pool, scope, { tell })),
        startedText,
      );
    });
}
