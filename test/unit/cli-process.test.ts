import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compiledProgram } from '../../scripts/compiled.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Lists, when the process ends, every CommonJS module that was loaded; both Temporal's SDK and pg are CommonJS. */
const LIST_LOADED = `data:text/javascript,${encodeURIComponent(`
  import Module from 'node:module';
  process.on('exit', () => process.stderr.write(Object.keys(Module._cache).join('\\n')));
`)}`;

function ringfence(line: string, nodeOptions: string[] = [], env: Readonly<Record<string, string>> = {}) {
  const args = [...nodeOptions, join(compiledProgram(), 'cli/main.js'), ...line.split(' ')];
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });
}

describe('the command line as a process', () => {
  it('prints windows without loading Temporal or the database', () => {
    const line = 'windows --timezone Asia/Tokyo --start 09:00 --end 18:00 --from 2026-06-01T00:00:00Z --count 1 --json';
    const { status, stdout, stderr } = ringfence(line, ['--import', LIST_LOADED]);
    expect(status).toBe(0);
    expect(stdout).toBe('[{"opens_at":"2026-06-01T00:00:00Z","closes_at":"2026-06-01T09:00:00Z"}]\n');
    expect(stderr).toContain('node_modules/commander');
    expect(stderr).not.toMatch(/node_modules\/(?:@temporalio|pg|fastify)\//);
  });

  it('prints connections without loading Temporal or the database', () => {
    const { status, stdout, stderr } = ringfence('connections list --json', ['--import', LIST_LOADED], {
      RINGFENCE_CONNECTIONS: 'examples/connections.yaml',
    });
    expect(status).toBe(0);
    const { connections } = JSON.parse(stdout) as { connections: { name: string; missing_secrets: string[] }[] };
    expect(connections.map(({ name }) => name)).toEqual(['twilio', 'retell', 'truedy']);
    expect(connections[1]!.missing_secrets).toEqual(['env:RETELL_API_KEY']);
    expect(stderr).toContain('node_modules/commander');
    expect(stderr).not.toMatch(/node_modules\/(?:@temporalio|pg|fastify)\//);
  });

  it('ends with code 2 and nothing on standard output when it refuses', () => {
    const { status, stdout, stderr } = ringfence('windows --timezone UTC --from 2026-06-01T00:00:00');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('--from');
  });
});
