import { Command } from 'commander';
import type { Finding } from './doctor/finding.ts';
import { type Json, keyOption, urlOption } from './api.ts';
import { coloursFor } from './colours.ts';
import { DEFAULTS } from '../worker/defaults.ts';
import { EXIT, Finished } from './exit-codes.ts';
import { examples } from './help.ts';
import type { Env } from './env.ts';
import { type Line, printJson, printText } from './terminal.ts';

const MORE = `
doctor checks this program and Node.js; Temporal with its namespace, search attributes, task queues (RINGFENCE_TASK_QUEUE) and clock; the
gateway (RINGFENCE_API_URL) and the API key (RINGFENCE_API_KEY); the database and its schema, if DATABASE_URL is set; the workflows of
campaigns; trouble at providers that holds campaigns; the provider, if its variables are set.

Exit codes: 0 no problem, 7 at least one problem.`;

interface Flags extends Json {
  readonly url: string;
  readonly key?: string;
}

/** `doctor`: what is reachable, in which versions, what is missing, and what to do. Changes nothing. */
export function doctorCommand(env: Env): Command {
  return new Command('doctor')
    .addOption(urlOption())
    .addOption(keyOption())
    .option('--json', 'print JSON')
    .addHelpText('after', `${examples('doctor', 'doctor --json')}\n${MORE}`)
    .action(async (flags: Flags) => {
      const findings = await examine(flags, env);
      const isWell = findings.every(({ state }) => state !== 'trouble');
      if (flags.json) printJson({ well: isWell, findings });
      else printText(asText(findings, env));
      if (!isWell) throw new Finished(EXIT.trouble);
    });
}

async function examine(flags: Flags, env: Env): Promise<Finding[]> {
  const [
    { checkThisProgram },
    { checkTemporal },
    { checkGateway },
    { checkDatabase },
    { checkCampaigns },
    { checkProviderTrouble },
    { findConnections },
  ] = await Promise.all([
    import('./doctor/this-program.ts'),
    import('./doctor/temporal.ts'),
    import('./doctor/gateway.ts'),
    import('./doctor/database.ts'),
    import('./doctor/campaigns.ts'),
    import('./doctor/provider-trouble.ts'),
    import('./doctor/provider.ts'),
  ]);
  const { known, checked } = findConnections(env);
  const findings = await Promise.all([
    Promise.resolve(checkThisProgram()),
    checkTemporal({
      taskQueue: env.RINGFENCE_TASK_QUEUE || DEFAULTS.taskQueue,
      connections: known.map(({ name }) => name),
    }),
    checkGateway(flags),
    checkDatabase(env),
    checkCampaigns(flags, env),
    checkProviderTrouble(flags, env),
    ...checked,
  ]);
  return findings.flat();
}

function asText(findings: readonly Finding[], env: Env): Line[] {
  const { green, red, dim } = coloursFor(process.stdout, env);
  const width = Math.max(...findings.map(({ check }) => check.length));
  const mark = { well: green('ok     '), trouble: red('TROUBLE'), skipped: dim('skipped') };
  const indent = ' '.repeat('TROUBLE'.length + width + 4);
  const told = findings.flatMap(({ check, state, found, advice }): Line[] => [
    { mark: mark[state], text: `  ${check.padEnd(width)}  ${found}` },
    ...(advice === undefined ? [] : [indent + advice]),
  ]);
  const troubles = findings.filter(({ state }) => state === 'trouble').length;
  const verdict =
    troubles === 0
      ? 'All is well.'
      : `${troubles} of ${findings.length} ${troubles === 1 ? 'needs' : 'need'} something done.`;
  return [...told, '', verdict];
}
