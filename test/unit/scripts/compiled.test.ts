import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compiledProgram } from '../../../scripts/compiled.mjs';
import { runCommand } from '../../../scripts/binaries/run-command.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let root: string;
const write = async (file: string, text: string) => {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
};

/** A small program with the settings and the compiler of this one. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ringfence-compiled-'));
  await cp(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'));
  await write('tsconfig.build.json', '{ "extends": "./tsconfig.json", "include": ["cli", "domain"] }');
  await write('package.json', '{ "type": "module" }');
  await write('domain/word.ts', `export const word: string = 'first';\n`);
  await write('cli/main.ts', `import { word } from '../domain/word.ts';\nprocess.stdout.write(word);\n`);
  await write('db/migrations/1_first.sql', 'select 1;\n');
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const kept = () => readdir(join(root, '.ringfence/program'));
const run = (program: string) => runCommand(process.execPath, [join(program, 'cli/main.js')]);

describe('the compiled program', () => {
  it('runs as its sources do, and has the migrations beside it', async () => {
    const program = compiledProgram(root);
    expect(await run(program)).toBe('first');
    expect(await readdir(join(program, 'db/migrations'))).toEqual(['1_first.sql']);
  });

  it('is compiled once for the same sources', async () => {
    const program = compiledProgram(root);
    await writeFile(join(program, 'cli/main.js'), `process.stdout.write('not compiled again');`);
    expect(compiledProgram(root)).toBe(program);
    expect(await run(program)).toBe('not compiled again');
  });

  it.each([
    ['a source', 'domain/word.ts', `export const word: string = 'second';\n`, 'second'],
    [
      'the settings of the compiler',
      'tsconfig.build.json',
      '{ "extends": "./tsconfig.json", "include": ["domain", "cli"] }',
      'first',
    ],
    ['the migrations', 'db/migrations/2_second.sql', 'select 2;\n', 'first'],
  ])('is compiled again after a change of %s', async (_, file, text, word) => {
    const before = compiledProgram(root);
    await write(file, text);
    const after = compiledProgram(root);
    expect(after).not.toBe(before);
    expect(await run(after)).toBe(word);
  });

  it('runs although a type is wrong, as the sources would', async () => {
    await write('domain/word.ts', `export const word: number = 'third';\n`);
    expect(await run(compiledProgram(root))).toBe('third');
  });

  it('says which source cannot be read as code, and keeps nothing of it', async () => {
    await write('domain/word.ts', 'export const = ;\n');
    expect(() => compiledProgram(root)).toThrow('domain/word.ts');
    expect(await kept()).toEqual([]);
  });

  it('says where it must be able to write', async () => {
    await write('.ringfence/program', 'a file in the place of the folder');
    expect(() => compiledProgram(root)).toThrow(`${join(root, '.ringfence/program')}, which must be a writable folder`);
  });

  it('keeps what was used last, for processes that still load from it', async () => {
    const first = compiledProgram(root);
    for (let change = 1; change <= 4; change += 1) {
      appendFileSync(join(root, 'domain/word.ts'), '\n');
      await utimes(compiledProgram(root), change, change);
    }
    expect(await kept()).toHaveLength(4);
    expect(await run(first)).toBe('first');
  });
});

describe('the command line of a clone', () => {
  beforeEach(async () => {
    for (const file of ['ringfence', 'compiled', 'ensure-installed']) {
      await cp(join(ROOT, `scripts/${file}.mjs`), join(root, `scripts/${file}.mjs`));
    }
    await cp(join(ROOT, 'package-lock.json'), join(root, 'package-lock.json'));
  });

  const ringfence = () => spawnSync(process.execPath, [join(root, 'scripts/ringfence.mjs')], { encoding: 'utf8' });

  it('runs what the sources say now', async () => {
    expect(ringfence()).toMatchObject({ status: 0, stdout: 'first' });
    await write('domain/word.ts', `export const word: string = 'second';\n`);
    expect(ringfence()).toMatchObject({ status: 0, stdout: 'second' });
  });

  it('says in a line or two why it cannot run', async () => {
    await write('domain/word.ts', 'export const = ;\n');
    const { status, stdout, stderr } = ringfence();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^error: The sources cannot be compiled: domain\/word\.ts/);
    expect(stderr).not.toContain('    at ');
  });
});
