/**
 * `npm run chaos`: campaigns against a provider that misbehaves, while processes are killed, frozen and cut off. Afterwards
 * every promise is held against the provider's ledger. The last line is the verdict; what happened before it goes to
 * standard error.
 */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChaosOptions, readOptions, USAGE } from './options.ts';
import { runChaos } from './run.ts';

async function chaos({ provider, seed, minutes, json, home: wanted }: ChaosOptions): Promise<number> {
  const say = json ? () => {} : (line: string) => console.error(line);
  if (wanted !== null) await mkdir(wanted, { recursive: true });
  const home = wanted ?? (await mkdtemp(join(tmpdir(), 'ringfence-chaos-')));
  // PostgreSQL runs as another user when we are root.
  await chmod(home, 0o755);
  const keep = () => console.error(`Databases and logs are kept in ${home}`);
  const verdict = await runChaos({ provider, seed, minutes, home, say }).catch((error: unknown) => {
    keep();
    throw error;
  });
  if (!verdict.agree) keep();
  else if (wanted === null) await rm(home, { recursive: true, force: true });
  console.log(JSON.stringify(verdict));
  return verdict.agree ? 0 : 1;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) console.log(USAGE);
  else process.exitCode = await chaos(options);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
// Orders that nobody has answered and restarts that come too late must not keep a run that is over from ending.
process.exit();
