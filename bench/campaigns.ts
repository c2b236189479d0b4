/**
 * `npm run bench -- campaigns`: many campaigns on one task queue. How much memory one that sleeps takes in the worker, how
 * many calls a second a hundred place together with one worker and with two, and what a small campaign loses by starting
 * after a large one.
 */
import { join } from 'node:path';
import { startWorker } from '../scripts/start/processes.ts';
import { cancel, createCampaign, runCampaign, until, untilOver } from './campaign.ts';
import { importPeople } from './contacts.ts';
import { memoryOf } from './cpu.ts';
import { callsPerSecond, rounded, secondsOf } from './statistics.ts';
import { type MeasuredSystem, setCallLength } from './system.ts';

export interface CampaignsOptions {
  readonly campaigns: number;
  readonly contactsEach: number;
  readonly large: number;
  readonly callSeconds: number;
  readonly timeScale: number;
}

export interface CampaignsReport {
  readonly campaigns: number;
  readonly calls_per_second: { readonly one_worker: number; readonly two_workers: number };
  readonly kilobytes_per_sleeping_campaign: number;
  readonly fairness: {
    readonly large: number;
    readonly small: number;
    readonly seconds_alone: number;
    readonly seconds_beside_the_large: number;
    readonly ratio: number;
  };
}

const SLOTS_EACH = 4;
const SMALL = { contacts: 100, slots: 10 };
const LARGE_SLOTS = 50;

export async function measureCampaigns(system: MeasuredSystem, options: CampaignsOptions): Promise<CampaignsReport> {
  const { campaigns, callSeconds, timeScale } = options;
  const worker = await system.workerReady;
  await setCallLength(system, timeScale, callSeconds * 1000);
  const sleeping = await memoryOfSleepers(system, worker.pid, campaigns);
  const fairness = await measureFairness(system, options);
  const oneWorker = await runTogether(system, options, 0);
  const logFile = join(system.logs, 'worker-2.log');
  await system.children.start(
    { name: 'The second worker', logFile, rank: 2 },
    () => startWorker({ logFile, env: system.workerEnv }),
    (child) => child,
  );
  const twoWorkers = await runTogether(system, options, 1);
  return {
    campaigns,
    calls_per_second: { one_worker: oneWorker, two_workers: twoWorkers },
    kilobytes_per_sleeping_campaign: sleeping,
    fairness,
  };
}

/** What the worker's memory grows by when so many campaigns wait for their beginning. */
async function memoryOfSleepers(system: MeasuredSystem, workerPid: number, campaigns: number): Promise<number> {
  const folder = await importPeople(system.ringfence, 10);
  const create = () =>
    createCampaign(system, folder, { schedule_type: 'scheduled', scheduled_at: '2099-01-01T00:00:00Z' });
  const sleeps = (id: string) => until(system, id, ({ waiting_for }) => waiting_for === 'start');
  // The first few load what all share.
  const warm = await Promise.all(Array.from({ length: 5 }, create));
  await Promise.all(warm.map(({ id }) => sleeps(id)));
  const before = await memoryOf(workerPid);
  const all = await Promise.all(Array.from({ length: campaigns }, create));
  await Promise.all(all.map(({ id }) => sleeps(id)));
  const after = await memoryOf(workerPid);
  await Promise.all([...warm, ...all].map(({ id }) => cancel(system, id)));
  return Math.round((after.now - before.now) / 1024 / campaigns);
}

async function measureFairness(
  system: MeasuredSystem,
  options: CampaignsOptions,
): Promise<CampaignsReport['fairness']> {
  const smallFolder = await importPeople(system.ringfence, SMALL.contacts);
  const secondsOfSmall = async (): Promise<number> => {
    const calls = await runCampaign(system, smallFolder, { max_concurrent_calls: SMALL.slots });
    return secondsOf(calls);
  };
  const alone = await secondsOfSmall();
  const largeFolder = await importPeople(system.ringfence, options.large, SMALL.contacts);
  const large = await createCampaign(system, largeFolder, { max_concurrent_calls: LARGE_SLOTS });
  await until(system, large.id, ({ in_progress }) => in_progress >= LARGE_SLOTS / 2);
  const beside = await secondsOfSmall();
  await cancel(system, large.id);
  return {
    large: options.large,
    small: SMALL.contacts,
    seconds_alone: rounded(alone, 1),
    seconds_beside_the_large: rounded(beside, 1),
    ratio: rounded(beside / alone, 2),
  };
}

/** Calls per second of all campaigns together, from the first acceptance to the last end. */
async function runTogether(system: MeasuredSystem, options: CampaignsOptions, round: number): Promise<number> {
  const { campaigns, contactsEach } = options;
  const from = 1_000_000 + round * campaigns * contactsEach;
  const folders: string[] = [];
  for (let n = 0; n < campaigns; n += 1) {
    folders.push(await importPeople(system.ringfence, contactsEach, from + n * contactsEach));
  }
  const created = await Promise.all(
    folders.map((folder) => createCampaign(system, folder, { max_concurrent_calls: SLOTS_EACH })),
  );
  const calls = (await Promise.all(created.map(({ id }) => untilOver(system, id)))).flat();
  return callsPerSecond(calls);
}
