/** The ports of a home. They stay the same from start to start, so that what was copied from one works in the next. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DEFAULTS } from '../../worker/defaults.ts';

const Port = (usual: number) => z.int().min(1).max(65_535).default(usual).catch(usual);

const Ports = z.object({
  gateway: Port(DEFAULTS.gatewayPort),
  simulator: Port(8090),
  temporal: Port(7233),
  webUi: Port(8233),
  postgres: Port(5432),
});
export type Ports = z.infer<typeof Ports>;

const fileOf = (home: string): string => join(home, 'ports.json');

/** Those of the last start on this home, or the usual ones. */
export async function readPorts(home: string): Promise<Ports> {
  const text = await readFile(fileOf(home), 'utf8').catch(() => '{}');
  try {
    return Ports.parse(JSON.parse(text));
  } catch {
    return Ports.parse({});
  }
}

/** Keeps the ports of these addresses for the next start; those of servers that are not ours stay as they were. */
export async function keepPorts(
  home: string,
  before: Ports,
  addresses: Partial<Record<keyof Ports, string>>,
): Promise<void> {
  const now = Object.entries(addresses).flatMap(([name, address]) => {
    const port = portOf(address);
    return port === null ? [] : [[name, port] as const];
  });
  await writeFile(fileOf(home), `${JSON.stringify({ ...before, ...Object.fromEntries(now) })}\n`);
}

/** The port of an address: `127.0.0.1:7233`, or a URL. */
export function portOf(address: string): number | null {
  const port = /:(\d+)(?:\/|$)/.exec(address.replace(/^\w+:\/\//, ''))?.[1];
  return port === undefined ? null : Number(port);
}
