/**
 * `npm run build`: everything that runs without its sources, as JavaScript under dist/. Of this the package is made, and the
 * container image.
 */
import { execFileSync } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Runtime, DefaultLogger } from '@temporalio/worker';
import { workflowBundle } from '../worker/workflow-bundle.ts';

const ROOT = new URL('../', import.meta.url);
const DIST = new URL('dist/', ROOT);
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
