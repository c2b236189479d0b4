/**
 * `npm run bench -- peers`: the same job on Ringfence and on the libraries that one might build it on. The same provider
 * with its ledger, the same signed webhooks, the same contacts; first in calm, then with the worker killed at the same
 * three moments. What is measured is read from the provider's ledger, `/proc` and the servers' own counters.
 */
import { inOwnHome } from '../own-home.ts';
import { PEERS } from './all-peers.ts';
import { readHistoryEvents } from './counters.ts';
import type { Peer } from './peer.ts';
import { reportText } from './report.ts';
import { type PeerRow, toRow } from './row.ts';
import { runInCalm, type RunTerms, runWithKills } from './run.ts';
import { findRedis, startServers } from './servers.ts';

export interface PeersReport {
  readonly contacts: number;
  readonly concurrency: number;
  readonly call_seconds: number;
  /** Peers that were left out, and why. */
  readonly left_out: Readonly<Record<string, string>>;
  readonly rows: readonly PeerRow[];
}

export const PEER_NAMES = PEERS.map(({ name }) => name);

export async function measurePeers(
  terms: RunTerms,
  { only, say }: { readonly only: readonly string[]; readonly say: (line: string) => void },
): Promise<PeersReport> {
  const leftOut: Record<string, string> = {};
  const rows: PeerRow[] = [];
  for (const peer of PEERS.filter(({ name }) => only.includes(name))) {
    if (peer.needs.redis && findRedis() === null) {
      leftOut[peer.name] = 'redis-server is not installed: apt-get install -y redis-server';
      say(`${peer.name} is left out: ${leftOut[peer.name]}`);
      continue;
    }
    say(`${peer.name}: ${peer.library}`);
    rows.push(await measurePeer(peer, terms));
    say(JSON.stringify(rows.at(-1)));
  }
  say(reportText(terms, rows));
  const { contacts, concurrency, callSeconds } = terms;
  return { contacts, concurrency, call_seconds: callSeconds, left_out: leftOut, rows };
}

/** Both runs on servers of the peer's own, so that none works for another. */
function measurePeer(peer: Peer, terms: RunTerms): Promise<PeerRow> {
  return inOwnHome(peer.name, async ({ home, children }) => {
    const servers = await startServers(children, home, peer.needs);
    const calm = await runInCalm(peer, servers, terms, home);
    const { temporalAddress } = servers;
    const historyEvents = temporalAddress === null ? null : await readHistoryEvents(temporalAddress);
    const killed = await runWithKills(peer, servers, terms, home);
    return toRow(peer, terms, { calm, killed, historyEvents });
  });
}
