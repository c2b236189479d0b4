/**
 * The API's connections, which accounts share. An account gets another connection only while it holds fewer than are
 * free. An account that floods the API, or waits for locks, therefore gets half of them and then 429, while others are
 * served. Some connections belong to no account: they serve the look-up of keys.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { callbackify } from 'node:util';
import pg from 'pg';
import { RingfenceError } from '../domain/engine/errors.ts';
import { FairShare } from './fair-share.ts';

/** The account for which the current work is done. */
const holders = new AsyncLocalStorage<string | null>();

/** Counts all connections that `work` takes from a shared pool as this account's. Null: as no account's. */
export function onBehalfOf<T>(account: string | null, work: () => T): T {
  return holders.run(account, work);
}

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (broken?: boolean | Error) => void,
) => void;

const FOR_NOBODY = 2;
const RETRY_AFTER_S = 2;

export class AccountPool extends pg.Pool {
  readonly #share: FairShare;

  constructor(options: pg.PoolConfig & { readonly max: number; readonly connectionTimeoutMillis: number }) {
    super(options);
    this.#share = new FairShare(options.max - Math.min(FOR_NOBODY, Math.floor(options.max / 2)));
  }

  /** The connections that a single account may hold. */
  get mostOfOneAccount(): number {
    return this.#share.most;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | void {
    const account = holders.getStore() ?? null;
    if (account === null) return callback ? super.connect(callback) : super.connect();
    if (!callback) return this.#connectFor(account);
    callbackify(() => this.#connectFor(account))((error, client) =>
      error ? callback(error, undefined, () => {}) : callback(undefined, client, (broken) => client.release(broken)),
    );
  }

  async #connectFor(account: string): Promise<pg.PoolClient> {
    const giveBack = await this.#share.take(account, this.options.connectionTimeoutMillis ?? 0);
    if (!giveBack) {
      throw new RingfenceError(
        'rate_limit_exceeded',
        'This account has too many requests under way: send fewer at once, or try again in a moment.',
        { details: { retry_after_s: RETRY_AFTER_S } },
      );
    }
    try {
      const client = await super.connect();
      const release = client.release.bind(client);
      client.release = (broken) => {
        release(broken);
        giveBack();
      };
      return client;
    } catch (error) {
      giveBack();
      throw error;
    }
  }
}
