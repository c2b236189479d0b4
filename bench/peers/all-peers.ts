import { createRequire } from 'node:module';
import { z } from 'zod';
import type { Peer } from './peer.ts';
import { launchLibraryPeer } from './library-peer.ts';
import { launchRingfence } from './ringfence.ts';

const require = createRequire(import.meta.url);
const Manifest = z.object({ version: z.string() });

function versionOf(name: string): string {
  return Manifest.parse(require(`${name}/package.json`)).version;
}

export const PEERS: readonly Peer[] = [
  {
    name: 'ringfence',
    library: `Ringfence ${Manifest.parse(require('../../package.json')).version} on Temporal and PostgreSQL`,
    needs: { temporal: true, redis: false },
    launch: launchRingfence,
  },
  {
    name: 'temporal-children',
    library: `Temporal SDK ${versionOf('@temporalio/workflow')}, a child workflow for each call in a sliding window`,
    needs: { temporal: true, redis: false },
    launch: (ground) => launchLibraryPeer(new URL('temporal-children.ts', import.meta.url), 'postgres', ground),
  },
  {
    name: 'graphile-worker',
    library: `graphile-worker ${versionOf('graphile-worker')} on PostgreSQL`,
    needs: { temporal: false, redis: false },
    launch: (ground) => launchLibraryPeer(new URL('graphile-worker.ts', import.meta.url), 'postgres', ground),
  },
  {
    name: 'pg-boss',
    library: `pg-boss ${versionOf('pg-boss')} on PostgreSQL`,
    needs: { temporal: false, redis: false },
    launch: (ground) => launchLibraryPeer(new URL('pg-boss.ts', import.meta.url), 'postgres', ground),
  },
  {
    name: 'bullmq-redis',
    library: `BullMQ ${versionOf('bullmq')} on Redis`,
    needs: { temporal: false, redis: true },
    launch: (ground) => launchLibraryPeer(new URL('bullmq.ts', import.meta.url), 'redis', ground),
  },
  {
    name: 'bullmq-postgres',
    library: `BullMQ ${versionOf('bullmq')} on PostgreSQL`,
    needs: { temporal: false, redis: false },
    launch: (ground) => launchLibraryPeer(new URL('bullmq.ts', import.meta.url), 'postgres', ground),
  },
];
