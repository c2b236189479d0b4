/** A measurement's own directory and processes, which nothing is left of afterwards. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from '../scripts/start/children.ts';

export interface OwnHome {
  readonly home: string;
  /** Starts processes that are stopped with the measurement. */
  readonly children: Children;
  /** Aborts when one of them ends before it is asked to. */
  readonly giveUp: AbortSignal;
}

/** Does the work, which fails as soon as one of its processes ends by itself. */
export async function inOwnHome<T>(name: string, work: (own: OwnHome) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), `ringfence-${name}-`));
  const failed = new AbortController();
  const failure = once(failed.signal, 'abort').then(() => failed.signal.throwIfAborted());
  const children = new Children((reason) => failed.abort(new Error(reason)));
  try {
    const done = work({ home, children, giveUp: failed.signal });
    await Promise.race([done, failure]);
    return await done;
  } finally {
    await children.stop();
    await rm(home, { recursive: true, force: true });
  }
}
