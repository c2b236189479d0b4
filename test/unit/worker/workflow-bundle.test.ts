import { appendFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildWorkflowBundle, BUNDLED, workflowBundle } from '../../../worker/workflow-bundle.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');

let built = 0;
let onceBuilt = () => {};
Runtime.install({
  logger: new DefaultLogger('INFO', ({ message }) => {
    if (message !== 'Workflow bundle created') return;
    built += 1;
    onceBuilt();
  }),
});

let home: string;
/** A small program of the same layout, with a domain of one word and its own lock file. */
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ringfence-bundle-'));
  const write = async (file: string, text: string) => {
    await mkdir(join(home, file, '..'), { recursive: true });
    await writeFile(join(home, file), text);
  };
  await write('domain/word.ts', `export const word = 'first';\n`);
  await write(
    'workflows/index.ts',
    `import { word } from '../domain/word.ts';\nexport const campaign = async () => word;\n`,
  );
  await cp(join(ROOT, 'workflows/payload-converter.ts'), join(home, 'workflows/payload-converter.ts'));
  await write('node_modules/.package-lock.json', '{}');
  for (const name of await readdir(MODULES)) {
    if (!name.startsWith('.')) await symlink(join(MODULES, name), join(home, 'node_modules', name));
  }
  built = 0;
  onceBuilt = () => {};
});
afterEach(() => rm(home, { recursive: true, force: true }));

const bundle = async () => (await workflowBundle(pathToFileURL(`${home}/`))).code;
const kept = () => readdir(join(home, '.ringfence/workflows'));

describe('the workflow bundle', () => {
  it('is built once for the same sources, and again after a change of any, when the old one goes', async () => {
    const first = await bundle();
    expect(first).toContain(`word = 'first'`);
    expect(await bundle()).toBe(first);
    expect([built, (await kept()).length]).toEqual([1, 1]);
    for (const [what, file, text] of [
      ['a file that the workflow imports', 'domain/word.ts', `export const word = 'second';\n`],
      ['a file that may be imported', 'domain/new.ts', ''],
      ['the packages', 'node_modules/.package-lock.json', '{ "packages": {} }'],
    ] as const) {
      const [old] = await kept();
      const before = built;
      await writeFile(join(home, file), text);
      expect(await bundle(), what).toContain(`word = 'second'`);
      expect(built, what).toBe(before + 1);
      expect(await kept(), what).toHaveLength(1);
      expect(await kept(), what).not.toContain(old);
    }
  });

  it('is not kept when its sources changed while it was built', async () => {
    onceBuilt = () => appendFileSync(join(home, 'domain/word.ts'), '\n');
    await bundle();
    await expect(kept()).rejects.toThrow('ENOENT');
  });

  it('is built at each start where it cannot be kept', async () => {
    await writeFile(join(home, '.ringfence'), 'a file in place of the folder');
    await bundle();
    expect(await bundle()).toContain(`word = 'first'`);
    expect(built).toBe(2);
  });

  it('of Ringfence is made of what its name is made of, and of packages', async () => {
    const { sources } = await builtHere();
    const own = sources.filter((source) => source.startsWith(ROOT) && !source.startsWith(MODULES));
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((source) => !BUNDLED.some((folder) => source.startsWith(join(ROOT, folder))))).toEqual([]);
  });

  it('of Ringfence holds no data of zones or holidays and asks no runtime about zones or languages', async () => {
    const { code, sources } = await builtHere();
    expect(
      sources.filter((source) =>
        /moment|luxon|tzdata|date-holidays|holidays\.ts|zone-(?:data|name|offsets)\.ts|windows\.ts/.test(source),
      ),
    ).toEqual([]);
    expect(code.match(/\bIntl\b|\.toLocale\w+|America\/\w+/g)).toBeNull();
  });
});

/** The bundle of the sources as they are, and what it is made of. */
let here: Promise<{ code: string; sources: string[] }> | undefined;
const builtHere = () => (here ??= buildHere());

async function buildHere(): Promise<{ code: string; sources: string[] }> {
  const { code } = await buildWorkflowBundle();
  const at = code.lastIndexOf('//# sourceMappingURL=');
  const map = JSON.parse(Buffer.from(code.slice(code.indexOf('base64,', at) + 7), 'base64').toString()) as {
    sources: string[];
  };
  return { code: code.slice(0, at), sources: map.sources };
}
