import { adoptRoster } from '../../../db/adoption.ts';
import { inTransaction, openPool, type Pool } from '../../../db/pool.ts';
import { exchange } from '../../../db/roster.ts';
import type { ReadyContact } from '../../../domain/engine/campaign-state.ts';
import type { ExchangeReply, ExchangeRequest } from '../../../domain/engine/roster.ts';
import { exchangeRequest } from '../factories/exchange-request.ts';

const RUN = 'a run';

/** What one step has cost. */
export interface Cost {
  /** Rows and index entries of contacts, calls and events that were read. */
  readonly read: number;
  /** Characters of the answer, which goes into the workflow's history. */
  readonly answer: number;
}

/** The records of one campaign over a separate connection, whose reads can be counted. */
export class CountedRoster {
  readonly #pool: Pool;
  readonly #campaignId: string;
  readonly #now: number;
  readonly #want: number;
  #exchanges = 0;
  #epoch = 0;

  constructor(url: string, campaignId: string, { now, want }: { now: number; want: number }) {
    this.#pool = openPool(url, { max: 1 });
    this.#campaignId = campaignId;
    this.#now = now;
    this.#want = want;
  }

  adopt(): Promise<Cost> {
    this.#epoch += 1;
    const adoption = { campaignId: this.#campaignId, runId: RUN, number: this.#epoch };
    return this.#counted(() => inTransaction(this.#pool, (tx) => adoptRoster(tx, adoption, this.#now)));
  }

  async exchange(step: Partial<ExchangeRequest>): Promise<Cost & { claimed: readonly ReadyContact[]; next: unknown }> {
    this.#exchanges += 1;
    let reply: ExchangeReply = { kind: 'superseded' };
    const cost = await this.#counted(async () => {
      reply = await exchange(
        this.#pool,
        exchangeRequest({
          campaignId: this.#campaignId,
          now: this.#now,
          exchangeNumber: this.#exchanges,
          epoch: this.#epoch,
          want: this.#want,
          ...step,
        }),
        RUN,
      );
      return reply;
    });
    const answered = reply as ExchangeReply;
    if (answered.kind === 'superseded') throw new Error('another run owns the records');
    return { ...cost, claimed: answered.claimed, next: answered.groups[0]?.dueAt ?? null };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #counted(work: () => Promise<unknown>): Promise<Cost> {
    const before = await this.#read();
    const answer = JSON.stringify(await work()).length;
    return { read: (await this.#read()) - before, answer };
  }

  async #read(): Promise<number> {
    await this.#pool.query('select pg_stat_force_next_flush()');
    const { rows } = await this.#pool.query<{ read: number }>(
      `select (select sum(seq_tup_read) from pg_stat_user_tables where relname = any($1))::int
            + (select sum(idx_tup_read) from pg_stat_user_indexes where relname = any($1))::int as read`,
      [['campaign_contacts', 'calls', 'call_events']],
    );
    return rows[0]!.read;
  }
}
