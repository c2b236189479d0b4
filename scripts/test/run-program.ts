import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A program that takes longer is killed. Default: no limit. */
  readonly limitMs?: number;
  /** Where its standard output goes. Default: to ours. */
  readonly outputFile?: string;
}

/** Runs a program that people watch. Resolves to its exit code: 1 also when it was killed or cannot be run. */
export async function runProgram(command: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
  const { cwd, env, limitMs, outputFile } = options;
  const output = outputFile === undefined ? 'inherit' : openSync(outputFile, 'w');
  try {
    const child = spawn(command, args, {
      stdio: ['inherit', output, 'inherit'],
      killSignal: 'SIGKILL',
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(limitMs === undefined ? {} : { timeout: limitMs }),
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (signal !== null) console.error(`${command} was ended by ${signal}${child.killed ? ': it took too long' : ''}.`);
    return code ?? 1;
  } catch (error) {
    console.error(`${command} cannot be run: ${(error as Error).message}`);
    return 1;
  } finally {
    if (output !== 'inherit') closeSync(output);
  }
}
