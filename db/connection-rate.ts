/**
 * The calls per second of a connection, over all campaigns and workers. Each dial reserves the next free instant on the
 * connection's row, in a statement that is a transaction by itself: no worker ever holds the row, even if it freezes.
 */
import { dialSpacingMs } from '../domain/dialling/dial-spacing.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import { recordConnections } from './connections.ts';
import { instantOf, microseconds } from './page.ts';
import type { Queryable } from './pool.ts';

export interface ReservationRequest {
  readonly connection: string;
  readonly callsPerSecond: number;
  /** The instant must be at most this far ahead, in milliseconds. At most `DIAL.reserveAheadMs`. */
  readonly withinMs: number;
  /** The instant that this dial reserved before and could not use. It is reserved again if none was reserved after it. */
  readonly missed: string | null;
}

/**
 * - `reserved`: the dial may leave at `instant`, which is `waitMs` after the answer. The instant is in microseconds since 1970.
 * - `later`: the instants up to `DIAL.reserveAheadMs` are taken. The dial comes again after `afterMs`. These times are as far
 *   apart as the instants, so that refused dials do not come back together.
 * - `too_late`: the next instant is further ahead than `withinMs`.
 */
export type Reservation =
  | { readonly kind: 'reserved'; readonly instant: string; readonly waitMs: number }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'too_late' };

interface ReservedRow {
  readonly instant: string;
  readonly wait_ms: number;
  readonly told_ms: number;
}

/** Reserves the next free instant of the connection by the database's own clock, or says when to come again. */
export async function reserveInstant(db: Queryable, request: ReservationRequest): Promise<Reservation> {
  const [row] = await reserve(db, request);
  if (row) return toReservation(row, request);
  // No worker has recorded this connection yet.
  await recordConnections(db, [request.connection]);
  return toReservation((await reserve(db, request))[0]!, request);
}

function toReservation({ instant, wait_ms, told_ms }: ReservedRow, { withinMs }: ReservationRequest): Reservation {
  if (wait_ms <= withinMs) return { kind: 'reserved', instant, waitMs: wait_ms };
  return wait_ms > DIAL.reserveAheadMs ? { kind: 'later', afterMs: told_ms } : { kind: 'too_late' };
}

/**
 * The next instant is never further ahead than a dial may reserve, and one spacing. If it is, the database's clock was set back,
 * or the rate was lower: it is moved to there.
 */
async function reserve(
  db: Queryable,
  { connection, callsPerSecond, withinMs, missed }: ReservationRequest,
): Promise<ReservedRow[]> {
  const { rows } = await db.query<ReservedRow>({
    name: 'reserve-instant',
    text: `
      with given as (
        select make_interval(secs => $2 / 1000.0) as spacing, make_interval(secs => $3 / 1000.0) as ahead,
               ${instantOf('$5')} as missed
      ), held as (
        select name, next_at, told_at, clock_timestamp() as now from connections where name = $1 for no key update
      ), next as (
        select held.*, given.*,
               greatest(now, case when next_at = missed + spacing then missed
                                  else least(next_at, now + ahead + spacing) end) as instant
          from held, given
      ), asked as (
        select next.*, (extract(epoch from instant - now) * 1000)::float8 as wait_ms,
               least(greatest(told_at, instant), now + make_interval(secs => $6 / 1000.0)) as told
          from next
      ), written as (
        update connections
           set next_at = case when wait_ms <= $4 then instant + spacing else instant end,
               told_at = case when instant > now + ahead then told + spacing else asked.told_at end
          from asked where connections.name = asked.name
      )
      select ${microseconds('instant')} as instant, wait_ms,
             (extract(epoch from told - now) * 1000)::float8 as told_ms
        from asked`,
    values: [connection, dialSpacingMs(callsPerSecond), DIAL.reserveAheadMs, withinMs, missed, DIAL.longestWaitMs],
  });
  return rows;
}
