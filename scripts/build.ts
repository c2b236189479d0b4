/**
 * `npm run build`: everything that runs without its sources, as JavaScript. `dist/` is in the package `ringfence` and in the
 * container image, `packages/client/dist/` in the package `@ringfence/client`.
 */
import { execFileSync } from 'node:child_process';
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Runtime, DefaultLogger } from '@temporalio/worker';
import { workflowBundle } from '../worker/workflow-bundle.ts';
import { copyDeclarations } from './build/declarations.ts';
import { writeSdk } from './build/sdk.ts';

const ROOT = new URL('../', import.meta.url);
const DIST = new URL('dist/', ROOT);
const CLIENT = new URL('packages/client/', ROOT);
const SOURCE_MAP = /\n\/\/# sourceMappingURL=data:application\/json;[^,]*base64,(?<map>[\w+/=]+)\s*$/;

/** The bundle without this machine's paths and without the sources' text: names and lines are enough for a stack trace. */
function slim(code: string): string {
  const found = SOURCE_MAP.exec(code);
  if (!found) throw new Error('The workflow bundle has no source map where one is expected.');
  const { sourcesContent: _text, ...map } = JSON.parse(Buffer.from(found.groups!.map!, 'base64').toString()) as {
    sources: string[];
    sourcesContent?: unknown;
  };
  const sources = map.sources.map((source) => source.replace(fileURLToPath(ROOT), 'ringfence/'));
  const inline = Buffer.from(JSON.stringify({ ...map, sources })).toString('base64');
  return `${code.slice(0, found.index)}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`;
}

await rm(DIST, { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.build.json'], {
  cwd: ROOT,
  // Standard output belongs to npm, which may be asked for JSON.
  stdio: ['ignore', process.stderr, process.stderr],
});
await cp(new URL('db/migrations', ROOT), new URL('db/migrations', DIST), { recursive: true });
Runtime.install({ logger: new DefaultLogger('WARN') });
const { code } = await workflowBundle();
await writeFile(new URL('workflows/bundle.js', DIST), slim(code));

const dist = fileURLToPath(DIST);
const client = fileURLToPath(new URL('dist/', CLIENT));
await rm(client, { recursive: true, force: true });
await writeSdk(fileURLToPath(ROOT), `${dist}sdk`);
await cp(`${dist}sdk`, client, { recursive: true });
for (const entry of ['client', 'worker', 'gateway']) {
  await copyDeclarations(dist, `${entry}/index.d.ts`, `${dist}types`);
}
await copyDeclarations(dist, 'client/index.d.ts', `${client}types`);
for (const file of await readdir(dist, { recursive: true })) {
  // The entries' declarations have been copied, and nobody can import another file.
  if (file.endsWith('.d.ts') && !file.startsWith('types')) await rm(`${dist}${file}`);
}
await cp(new URL('LICENSE', ROOT), new URL('LICENSE', CLIENT));
