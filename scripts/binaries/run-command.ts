import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Long enough for a download over a slow line; a command that hangs must not hang the start for good. */
const COMMAND_TIMEOUT_MS = 15 * 60_000;

/**
 * Runs a program to its end and returns its standard output, trimmed.
 *
 * @throws Error with the end of its standard error when it fails.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; uid?: number; gid?: number } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { timeout: COMMAND_TIMEOUT_MS, ...options });
    return stdout.trim();
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${command} is not installed`, { cause: error });
    throw new Error(`${command} failed: ${lastLine(stderr) || `exit code ${code}`}`, { cause: error });
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
