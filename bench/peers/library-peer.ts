/** A peer on a library: worker and gateway are its main file, in two roles. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { callId } from '../../domain/engine/ids.ts';
import { startChild } from '../../scripts/child.ts';
import { freePort } from '../../scripts/free-port.ts';
import { endOf, findReadyLine, type ReadyLine } from '../../scripts/start/ready-line.ts';
import { waitUntilReady } from '../../scripts/wait-until-ready.ts';
import { numberOf } from '../contacts.ts';
import type { Ground, LaunchedPeer } from './peer.ts';
import type { Contact } from './peer-process.ts';
import type { PeerSettings } from './settings.ts';

const START_TIMEOUT_MS = 60_000;
const Unfinished = z.object({ unfinished: z.number() });

export async function launchLibraryPeer(
  main: URL,
  backend: PeerSettings['PEER_BACKEND'],
  ground: Ground,
): Promise<LaunchedPeer> {
  const start = (role: PeerSettings['PEER_ROLE'], port: number) =>
    startRole(main, role, ground.logs, {
      ...ground.env,
      PEER_ROLE: role,
      PEER_PORT: String(port),
      PEER_CONCURRENCY: String(ground.slots),
      PEER_HOME: ground.home,
      PEER_BACKEND: backend,
    });
  const { child: gateway, line } = await start('gateway', await freePort());
  const gatewayUrl = String(line.address);
  return {
    gateway,
    gatewayUrl,
    startWorker: async () => (await start('worker', 0)).child,
    async enlist(people) {
      const { status } = await fetch(`${gatewayUrl}/contacts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(contacts(people)),
      });
      if (status !== 201) throw new Error(`The peer did not take the contacts (${status}).`);
    },
    unfinished: async () => Unfinished.parse(await (await fetch(`${gatewayUrl}/unfinished`)).json()).unfinished,
  };
}

function contacts(people: number): Contact[] {
  const campaignId = randomUUID();
  return Array.from({ length: people }, (_, index) => ({
    call_id: callId({ campaignId, seq: index + 1, attempt: 1 }),
    phone_number: numberOf(index),
  }));
}

async function startRole(main: URL, role: string, logs: string, env: Readonly<Record<string, string>>) {
  const logFile = join(logs, `${role}.log`);
  const from = await endOf(logFile);
  const child = await startChild({
    command: process.execPath,
    args: ['--import', 'tsx', fileURLToPath(main)],
    logFile,
    env,
  });
  let line: ReadyLine = {};
  await waitUntilReady(`The ${role} of the peer`, child, {
    logFile,
    timeoutMs: START_TIMEOUT_MS,
    probe: async () => {
      line = await findReadyLine(logFile, from);
    },
  });
  return { child, line };
}
