import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runProgram } from '../../../scripts/test/run-program.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringfence-program-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const evaluate = (code: string) => ['--eval', code];

test('passes on the exit code, and the standard output to a file', async () => {
  const outputFile = join(directory, 'output');
  const program = `console.log(process.env.WORD); process.exitCode = 3`;
  const env = { ...process.env, WORD: 'said' };
  expect(await runProgram(process.execPath, evaluate(program), { env, outputFile })).toBe(3);
  expect(readFileSync(outputFile, 'utf8')).toBe('said\n');
});

test('ends a program that takes too long, and that counts as a failure', async () => {
  const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
  expect(await runProgram(process.execPath, evaluate(deaf), { limitMs: 500 })).toBe(1);
});

test('a program that does not exist is a failure', async () => {
  expect(await runProgram(join(directory, 'missing'), [])).toBe(1);
});
