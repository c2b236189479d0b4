/**
 * What befalls the system in a run, drawn from the seed: of each kind a general range, so that no two runs are alike and
 * nothing is made for a fault that is known already.
 */
import { type Chance, chanceOf } from './chance.ts';
import { kindOf, type Link, LINKS, linkName, type PartKind, type PartName, PARTS } from './parts.ts';
import type { Phase } from './phases.ts';

/** Instants are milliseconds from the beginning of the run. */
export type Disturbance =
  | { readonly kind: 'kill'; readonly at: number; readonly part: PartName; readonly downMs: number }
  | { readonly kind: 'freeze'; readonly at: number; readonly part: PartName; readonly forMs: number }
  | {
      readonly kind: 'network';
      readonly at: number;
      readonly links: readonly Link[];
      readonly how: 'slow' | 'silence' | 'forget' | 'cut';
      /** Of slowness: how much later each piece of data arrives. */
      readonly delayMs: number;
      readonly forMs: number;
    }
  | {
      readonly kind: 'lock';
      readonly at: number;
      readonly table: (typeof TABLES)[number];
      /** `rows` locks every row, and holds them with a slow statement; the others lock the table. */
      readonly mode: 'rows' | (typeof LOCK_MODES)[number];
      readonly forMs: number;
    }
  /** Ends this share of the database's sessions. */
  | { readonly kind: 'disconnect'; readonly at: number; readonly share: number }
  | {
      readonly kind: 'workflow';
      readonly at: number;
      readonly action: 'terminate' | 'reset' | 'cancel' | 'signal' | 'edit';
      /** Which of the campaigns, and which point of its history or what kind of nonsense: from 0 to below 1. */
      readonly which: number;
      readonly what: number;
      /** Of a termination: after how long it is started again; null: after the next lull. */
      readonly againAfterMs: number | null;
    };
export type Of<K extends Disturbance['kind']> = Extract<Disturbance, { kind: K }>;

export const TABLES = [
  'campaigns',
  'campaign_contacts',
  'calls',
  'provider_calls',
  'call_events',
  'suppressions',
  'idempotency_keys',
  'api_keys',
  'contact_folders',
  'contacts',
] as const;
const LOCK_MODES = ['access exclusive', 'exclusive', 'share'] as const;

/** Seconds from the end of one misfortune of a process to the next, at most; shorter in a short run. */
const PAUSE_S: Readonly<Record<PartKind, number>> = { worker: 25, gateway: 25, postgres: 70, temporal: 70 };
/** A start costs a machine more than a freeze, and shows less. */
const KILLED = 0.35;
const LONGEST_DOWN_MS = 3_000;
const FREEZE_MS = { from: 1_000, to: 90_000 };
const SILENCE_MS = { from: 500, to: 60_000 };
/**
 * A request that is under way for longer than its call can last would be accepted after everybody has given it up, which
 * nothing on this side of the network could prevent.
 */
const SILENCE_BEFORE_PROVIDER_MS = 8_000;
const SLOW_MS = { from: 1_000, to: 40_000 };
const DELAY_MS = { from: 10, to: 2_500 };
const LOCK_MS = { from: 200, to: 25_000 };
const AGAIN_MS = { from: 300, to: 60_000 };
/** Seconds between two of a kind, on the average. */
const EVERY_S = { network: 10, lock: 8, disconnect: 45, workflow: 12 };

export function planDisturbances(seed: string, phases: readonly Phase[]): Disturbance[] {
  const storms = phases.filter(({ kind }) => kind === 'storm');
  const all = [
    ...PARTS.flatMap((part) => misfortunes(chanceOf(seed, 'part', part), part, storms)),
    ...storms.flatMap((storm, index) => [
      ...scattered(chanceOf(seed, 'network', index), storm, EVERY_S.network, spoilNetwork),
      ...scattered(chanceOf(seed, 'lock', index), storm, EVERY_S.lock, lock),
      ...scattered(chanceOf(seed, 'disconnect', index), storm, EVERY_S.disconnect, disconnect),
      ...scattered(chanceOf(seed, 'workflow', index), storm, EVERY_S.workflow, touchWorkflow),
    ]),
  ];
  return all.sort((a, b) => a.at - b.at);
}

/** Of one process, one after the other: once killed and once frozen, then as it comes. */
function misfortunes(chance: Chance, part: PartName, storms: readonly Phase[]): Disturbance[] {
  const found: Disturbance[] = [];
  const killFirst = chance.whether(0.5, 'which first');
  for (const { from, to } of storms) {
    const pauseMs = Math.min(PAUSE_S[kindOf(part)] * 1000, (to - from) / 2.5);
    const longest = storms.length === 1 ? Math.min((to - from) / 4, FREEZE_MS.to) : FREEZE_MS.to;
    let at = from + chance.between(0.1, 0.5, 'first', found.length) * pauseMs;
    while (at < to - 1_000) {
      const index = found.length;
      const kill = index < 2 ? (index === 0) === killFirst : chance.whether(KILLED, 'killed', index);
      const downMs = Math.round(chance.unit('down', index) ** 2 * LONGEST_DOWN_MS);
      const forMs = Math.round(Math.min(chance.size(FREEZE_MS.from, longest, 'freeze', index), to - at));
      found.push(
        kill ? { kind: 'kill', at: Math.round(at), part, downMs } : { kind: 'freeze', at: Math.round(at), part, forMs },
      );
      at += (kill ? downMs : forMs) + chance.between(0.3, 1, 'pause', index + 1) * pauseMs;
    }
  }
  return found;
}

function scattered(
  chance: Chance,
  { from, to }: Phase,
  everyS: number,
  make: (chance: Chance, index: number, at: number, leftMs: number) => Disturbance,
): Disturbance[] {
  const count = Math.max(1, Math.round((to - from) / 1000 / everyS));
  return Array.from({ length: count }, (_, index) => {
    const at = Math.round(from + (to - from) * 0.95 * chance.unit('at', index));
    return make(chance, index, at, to - at);
  });
}

function spoilNetwork(chance: Chance, index: number, at: number, leftMs: number): Of<'network'> {
  const links = chance.pick<() => readonly Link[]>(
    [
      // Between two, around one process, and in front of one of the servers.
      [3, () => [chance.oneOf(LINKS, 'link', index)]],
      [1, () => LINKS.filter(({ from, to }) => [from, to].includes(chance.oneOf(PARTS, 'part', index)))],
      [1, () => LINKS.filter(({ to }) => to === chance.oneOf(['postgres', 'temporal', 'provider'], 'server', index))],
    ],
    'where',
    index,
  )();
  const how = chance.oneOf(['slow', 'silence', 'forget', 'cut'] as const, 'how', index);
  const silence = links.some(({ to }) => to === 'provider') ? SILENCE_BEFORE_PROVIDER_MS : SILENCE_MS.to;
  const lasts = {
    slow: chance.size(SLOW_MS.from, SLOW_MS.to, 'for', index),
    silence: chance.size(SILENCE_MS.from, silence, 'for', index),
    forget: 0,
    cut: 0,
  }[how];
  return {
    kind: 'network',
    at,
    links,
    how,
    delayMs: Math.round(chance.size(DELAY_MS.from, DELAY_MS.to, 'delay', index)),
    forMs: Math.round(Math.min(lasts, leftMs)),
  };
}

function lock(chance: Chance, index: number, at: number, leftMs: number): Of<'lock'> {
  return {
    kind: 'lock',
    at,
    table: chance.oneOf(TABLES, 'table', index),
    mode: chance.oneOf(['rows', ...LOCK_MODES] as const, 'mode', index),
    forMs: Math.round(Math.min(chance.size(LOCK_MS.from, LOCK_MS.to, 'for', index), leftMs)),
  };
}

function disconnect(chance: Chance, index: number, at: number): Of<'disconnect'> {
  return { kind: 'disconnect', at, share: chance.between(0.1, 1, 'share', index) };
}

function touchWorkflow(chance: Chance, index: number, at: number): Of<'workflow'> {
  return {
    kind: 'workflow',
    at,
    action: chance.pick(
      [
        [4, 'terminate'],
        [3, 'reset'],
        [0.5, 'cancel'],
        [2, 'signal'],
        [1, 'edit'],
      ] as const,
      'action',
      index,
    ),
    which: chance.unit('which', index),
    what: chance.unit('what', index),
    againAfterMs: chance.whether(0.4, 'later', index)
      ? null
      : Math.round(chance.size(AGAIN_MS.from, AGAIN_MS.to, 'again', index)),
  };
}

/** One line for the log. */
export function describe(disturbance: Disturbance): string {
  switch (disturbance.kind) {
    case 'kill':
      return `${disturbance.part} killed, away for ${disturbance.downMs} ms`;
    case 'freeze':
      return `${disturbance.part} frozen for ${disturbance.forMs} ms`;
    case 'network': {
      const { how, links, delayMs, forMs } = disturbance;
      const lasts = how === 'slow' ? ` by ${delayMs} ms for ${forMs} ms` : how === 'silence' ? ` for ${forMs} ms` : '';
      return `network ${how}${lasts}: ${links.map(linkName).join(', ')}`;
    }
    case 'lock':
      return `${disturbance.table} locked (${disturbance.mode}) for ${disturbance.forMs} ms`;
    case 'disconnect':
      return `${Math.round(disturbance.share * 100)}% of the database's sessions ended`;
    case 'workflow':
      return `workflow ${disturbance.action}`;
  }
}
