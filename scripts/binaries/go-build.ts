import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/** The newest release that the Go tool can build from the module proxy alone: later ones need a module it does not serve. */
export const GO_BUILT_CLI_VERSION = '1.5.1';

/**
 * Builds an older Temporal CLI from source: a matter of minutes, for want of anything else. Go itself checks what it
 * fetches against its checksum database.
 *
 * @param directory an empty directory to work in
 * @returns the path of the executable
 */
export async function buildTemporalCli(directory: string): Promise<string> {
  await runCommand('go', ['install', `github.com/temporalio/cli/cmd/temporal@v${GO_BUILT_CLI_VERSION}`], {
    env: { ...process.env, GOBIN: directory, CGO_ENABLED: '0' },
  });
  return join(directory, 'temporal');
}
