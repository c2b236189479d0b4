/** Looks at a run while it goes on: at every answer of the API, and at what the tables say of calls that are over. */
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { Campaign } from '../../domain/api/campaign-responses.ts';
import { total } from '../../domain/engine/tally.ts';
import { type Api, ask } from './api.ts';
import type { Sighting } from './audit/evidence.ts';
import { clock, type Finding } from './audit/finding.ts';

const EVERY_MS = 400;
const TABLES_EVERY = 5;
const PAGE = 100;
/** A gateway that is frozen must not blind the watch. */
const TIMEOUT_MS = 4_000;

export class Watch {
  readonly findings: Finding[] = [];
  /** What was said of each campaign, in order. */
  readonly sightings = new Map<string, Sighting[]>();
  /** Instants at which the list of campaigns was not answered. */
  readonly unanswered: number[] = [];
  /** How many campaigns were read in the API's answers. */
  answers = 0;
  readonly #outcomes = new Map<string, string>();
  readonly #ends = new Map<string, string>();
  readonly #end = new AbortController();
  readonly #done: Promise<void>;

  constructor(
    private readonly api: Api,
    private readonly pool: pg.Pool,
    /** Ids of the campaigns that exist. */
    private readonly known: () => readonly string[],
  ) {
    this.#done = this.#run();
  }

  /** The status that was seen last. */
  statusOf(campaignId: string): string | null {
    return this.sightings.get(campaignId)?.at(-1)?.status ?? null;
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
    const seen = await this.#list();
    const ids = this.known();
    const id = ids[this.answers % Math.max(1, ids.length)];
    // Where the list cannot be had, each has to be asked for.
    for (const one of seen === null ? ids : id === undefined ? [] : [id]) {
      const { status, data } = await ask(this.api, 'GET', `/batch-calls/${one}`, { timeoutMs: TIMEOUT_MS });
      for (const campaign of status === 200 ? this.#read(data) : []) this.#note(campaign);
    }
    for (const campaign of seen ?? []) this.#note(campaign);
  }

  /** Null where the gateway cannot make a list of them at all, which no other trouble explains. */
  async #list(): Promise<Campaign[] | null> {
    const seen: Campaign[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const path = `/batch-calls?limit=${PAGE}${cursor && `&cursor=${cursor}`}`;
      const { status, data, sentAt, nextCursor } = await ask(this.api, 'GET', path, { timeoutMs: TIMEOUT_MS });
      if (status !== 200) {
        this.unanswered.push(sentAt);
        if (status === 500) {
          this.#findOnce({ promise: 'P8', at: sentAt, text: 'the list of campaigns is answered with 500' });
          return null;
        }
        break;
      }
      const rows = data as unknown[];
      seen.push(...rows.flatMap((row) => this.#read(row)));
      cursor = nextCursor ?? null;
    }
    return seen;
  }

  #read(row: unknown): Campaign[] {
    const read = Campaign.safeParse(row);
    if (read.success) return [read.data];
    const { id } = row as { readonly id?: unknown };
    const fields = read.error.issues.map(({ path }) => path.join('.')).join(', ');
    const text = `campaign ${String(id)} is answered with ${fields} of another kind`;
    this.#findOnce({ promise: 'P8', at: Date.now(), text });
    return [];
  }

  #findOnce(finding: Finding): void {
    if (!this.findings.some(({ text }) => text === finding.text)) this.findings.push(finding);
  }

  #note(campaign: Campaign): void {
    this.answers += 1;
    const now = Date.now();
    const { id, status, waiting_for, as_of } = campaign;
    const until = campaign.until === null ? null : Date.parse(campaign.until);
    const earlier = this.sightings.get(id) ?? [];
    const last = earlier.at(-1);
    if (last && last.status === status && last.waiting_for === waiting_for && last.until === until) last.to = now;
    else earlier.push({ from: now, to: now, status, waiting_for, until });
    this.sightings.set(id, earlier);
    const sum = total(campaign);
    if (sum === campaign.total_contacts) return;
    const text = `campaign ${id}: buckets sum to ${sum} of ${campaign.total_contacts} as of ${as_of}`;
    this.findings.push({ promise: 'P8', at: now, text });
  }

  /** Outcomes that stand, stand for good; a contact at its end stays there. Only what was lost may still be found. */
  async lookAtTables(): Promise<void> {
    const calls = await this.pool.query<{ id: string; outcome: string }>(
      'select id, outcome from calls where outcome is not null',
    );
    for (const { id, outcome } of calls.rows) this.#standsIn(this.#outcomes, `call ${id}`, outcome, 'lost');
    const contacts = await this.pool.query<{ id: string; stands: string }>(
      `select campaign_id || '.' || seq as id,
              case when bucket in ('completed', 'failed', 'skipped') then bucket || ': ' || coalesce(reason, 'no reason')
                   else 'not at its end' end as stands
         from campaign_contacts`,
    );
    for (const { id, stands } of contacts.rows) {
      if (stands !== 'not at its end' || this.#ends.has(id)) this.#standsIn(this.#ends, id, stands, 'failed: lost');
    }
  }

  #standsIn(seen: Map<string, string>, id: string, now: string, mayChange: string): void {
    const before = seen.get(id);
    if (before !== undefined && before !== now && before !== mayChange) {
      this.findings.push({
        promise: 'P6',
        at: Date.now(),
        text: `${id} was "${before}" and is "${now}" at ${clock(Date.now())}`,
      });
    }
    seen.set(id, now);
  }
}
