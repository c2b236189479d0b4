/** What our own records say about calls that are looked up. */
import type { EndedEvent } from '../domain/engine/outcome.ts';
import { firstTerminalEvents } from './call-events.ts';
import { type DialRecord, fromRecord, RECORD_COLUMNS } from './dial-records.ts';
import type { Queryable } from './pool.ts';

/** What our own tables say about a call that is being looked up. */
export interface KnownCall {
  readonly callId: string;
  readonly sent: boolean;
  /** The request as it was frozen. Contains personal data. */
  readonly request: string | null;
  readonly firstSentAt: number | null;
  readonly refusal: string | null;
  readonly providerCallId: string | null;
  /** Whether the provider itself has confirmed that id. */
  readonly replied: boolean;
  /** Whether an event says that it was dialled. */
  readonly begun: boolean;
  readonly ended: EndedEvent | null;
}

export async function findCalls(db: Queryable, callIds: readonly string[]): Promise<Map<string, KnownCall>> {
  const { rows } = await db.query<DialRecord & { id: string; begun: boolean }>(
    `select calls.id, ${RECORD_COLUMNS},
            exists (select from call_events e where e.call_id = calls.id and e.kind in ('started', 'joined')) as begun
       from calls where id = any($1)`,
    [callIds],
  );
  const ended = new Map((await firstTerminalEvents(db, callIds)).map((event) => [event.call_id, event]));
  return new Map(
    rows.map((row) => [
      row.id,
      {
        callId: row.id,
        sent: row.first_sent_at !== null,
        request: row.request,
        firstSentAt: row.first_sent_at === null ? null : Number(row.first_sent_at),
        refusal: row.not_placed_reason,
        providerCallId: row.provider_call_id,
        replied: row.replied,
        begun: row.begun,
        ended: ended.get(row.id) ?? fromRecord(row.id, row),
      },
    ]),
  );
}
