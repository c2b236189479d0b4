/** Looks at a run while it goes on: at every answer of the API, and at what the tables say of calls that are over. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiOptions } from '../../client/http-api.ts';
import type { Pool } from '../../db/pool.ts';
import { CampaignAnswer } from '../../domain/campaign-answer.ts';
import { total } from '../../domain/tally.ts';
import { ask } from './api.ts';
import type { Finding } from './audit/finding.ts';

const EVERY_MS = 400;
const TABLES_EVERY = 5;

export class Watch {
  readonly findings: Finding[] = [];
  /** How many campaigns were read in the API's answers. */
  answers = 0;
  readonly #outcomes = new Map<string, string>();
  readonly #ends = new Map<string, string>();
  readonly #end = new AbortController();
  readonly #done: Promise<void>;

  constructor(
    private readonly api: ApiOptions,
    private readonly pool: Pool,
  ) {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let round = 0; !this.#end.signal.aborted; round += 1) {
      await this.#lookAtAnswers();
      // Away as often as not: what has changed meanwhile is seen the next time.
      if (round % TABLES_EVERY === 0) await this.lookAtTables().catch(() => {});
      await pause(EVERY_MS, undefined, { signal: this.#end.signal }).catch(() => {});
    }
  }

  async #lookAtAnswers(): Promise<void> {
    const { status, data } = await ask(this.api, 'GET', '/batch-calls?limit=100');
    const list = status === 200 ? z.array(CampaignAnswer).parse(data) : [];
    const one =
      list.length > 0 ? await ask(this.api, 'GET', `/batch-calls/${list[this.answers % list.length]!.id}`) : null;
    if (one?.status === 200) list.push(CampaignAnswer.parse(one.data));
    for (const campaign of list) {
      this.answers += 1;
      const sum = total(campaign);
      if (sum === campaign.total_contacts) continue;
      this.findings.push({
        promise: 'P8',
        text: `campaign ${campaign.id}: buckets sum to ${sum} of ${campaign.total_contacts} as of ${campaign.as_of}`,
      });
    }
  }

  /** Outcomes that stand, stand for good; a contact at its end stays there. */
  async lookAtTables(): Promise<void> {
    const calls = await this.pool.query<{ id: string; outcome: string }>(
      'select id, outcome from calls where outcome is not null',
    );
    for (const { id, outcome } of calls.rows) this.#standsIn(this.#outcomes, `call ${id}`, outcome);
    const contacts = await this.pool.query<{ id: string; stands: string }>(
      `select campaign_id || '.' || seq as id,
              case when bucket in ('completed', 'failed', 'skipped') then bucket || ': ' || coalesce(reason, 'no reason')
                   else 'not at its end' end as stands
         from campaign_contacts`,
    );
    for (const { id, stands } of contacts.rows) {
      if (stands !== 'not at its end' || this.#ends.has(id)) this.#standsIn(this.#ends, id, stands);
    }
  }

  #standsIn(seen: Map<string, string>, id: string, now: string): void {
    const before = seen.get(id);
    if (before !== undefined && before !== now) {
      this.findings.push({ promise: 'P6', text: `${id} was "${before}" and is "${now}"` });
    }
    seen.set(id, now);
  }
}
