/** What the first step of a dial reads: campaign, contact, limits, and the record of the call. */
import { callerNumber, type Rotation } from '../domain/dialling/caller-number.ts';
import { CLOSED, type ConnectionBreaker } from '../domain/dialling/connection-breaker.ts';
import type { DailyLimit } from '../domain/dialling/account-day.ts';
import type { CallToPlace } from '../domain/dialling/provider-messages.ts';
import type { Bucket } from '../domain/engine/tally.ts';
import { dailyLimitOf } from './account-days.ts';
import { breakerOf } from './connection-breakers.ts';
import { hasLimit, lowestRate } from './connection-loads.ts';
import type { Dial } from './dial.ts';
import { type DialRecord, RECORD_COLUMNS } from './dial-records.ts';
import { numberRecord, type NumberRecord, numberRecordOf, type NumberRecordRow } from './number-placements.ts';
import { mostByPolicy } from './policies.ts';
import type { Queryable } from './pool.ts';
import { isStopped } from './stops.ts';

interface Campaign {
  readonly account: string;
  readonly agent_id: string;
  readonly owner_run_id: string | null;
  readonly epoch: number;
  readonly ending: string | null;
  readonly phone_number_ids: string[] | null;
  readonly rotation: Rotation | null;
  readonly policy: readonly string[] | null;
}

interface Contact {
  readonly bucket: Bucket;
  readonly attempt: number;
  readonly phone_number: string;
  readonly region: string | null;
  readonly extension: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
  readonly custom_fields: { [name: string]: string };
  /** Epoch milliseconds. */
  readonly not_before: number | null;
}

export interface DialContext {
  readonly campaign: Campaign;
  /** Null when the roster has no such contact. */
  readonly contact: Contact | null;
  /** Whether a stop covers the campaign. */
  readonly stopped: boolean;
  readonly suppressed: boolean;
  readonly record: DialRecord | null;
  /** The lowest rate that a worker has loaded for the connection. Null: no limit. */
  readonly callsPerSecond: number | null;
  /** The circuit breaker of the connection. */
  readonly breaker: ConnectionBreaker;
  /** What is on record about other calls to the number. */
  readonly number: NumberRecord;
  /** The account's limit of calls in flight. Null: no limit. */
  readonly accountLimit: number | null;
  /** The account's limit of calls per day. Null: no limit. */
  readonly dailyLimit: DailyLimit | null;
  /** Whether a worker has loaded a limit of calls in flight for the connection. This one may have read another file. */
  readonly hasLimit: boolean;
}

type DialContextRow = Campaign &
  Omit<Contact, 'phone_number'> &
  DialRecord &
  NumberRecordRow & {
    readonly phone_number: string | null;
    readonly stopped: boolean;
    readonly suppressed: boolean;
    readonly recorded: boolean;
    readonly calls_per_second: number | null;
    readonly breaker: ConnectionBreaker | null;
    readonly account_limit: number | null;
    readonly daily_limit: DailyLimit | null;
    readonly has_limit: boolean;
  };

/** A repeat of an unknown call is the same placement as the call itself. */
const NUMBER_RECORD = numberRecord({
  account: 'c.account',
  number: 'k.phone_number',
  limits: 'a.per_number',
  terms: 'c.spec',
  policyMost: '$5',
  except: '$3',
});

export async function readDialContext(tx: Queryable, dial: Dial): Promise<DialContext | null> {
  const { rows } = await tx.query<DialContextRow>({
    name: 'dial-context',
    text: `
      select c.account, c.agent_id, c.owner_run_id, c.epoch, c.ending, c.spec -> 'phone_number_ids' as phone_number_ids,
             c.spec ->> 'phone_rotation_strategy' as rotation,
             k.bucket, k.attempt, k.phone_number, k.extension, k.first_name, k.last_name, k.email, k.custom_fields,
             floor(extract(epoch from k.not_before) * 1000)::float8 as not_before,
             ${isStopped('c')} as stopped, s.phone_number is not null as suppressed, calls.id is not null as recorded,
             ${lowestRate('$4')} as calls_per_second, ${hasLimit('$4')} as has_limit, ${breakerOf('$4')} as breaker,
             a.max_concurrent_calls as account_limit, ${dailyLimitOf('a')} as daily_limit,
             c.spec -> 'policy' as policy, k.region, ${NUMBER_RECORD}, ${RECORD_COLUMNS}
        from campaigns c
        left join campaign_contacts k on k.campaign_id = c.id and k.seq = $2
        left join suppressions s on s.account = c.account and s.phone_number = k.phone_number
        left join calls on calls.id = $3
        left join accounts a on a.name = c.account
       where c.id = $1`,
    values: [dial.campaignId, dial.seq, dial.callId, dial.connection, mostByPolicy()],
  });
  const [row] = rows;
  if (!row) return null;
  const { phone_number, stopped, suppressed, calls_per_second: callsPerSecond } = row;
  return {
    campaign: row,
    contact: phone_number === null ? null : { ...row, phone_number },
    stopped,
    suppressed,
    record: row.recorded ? row : null,
    callsPerSecond,
    breaker: row.breaker ?? CLOSED,
    number: numberRecordOf(row),
    accountLimit: row.account_limit,
    dailyLimit: row.daily_limit,
    hasLimit: row.has_limit,
  };
}

/** The call as the provider is to place it. */
export function toPlace(dial: Dial, campaign: Campaign, contact: Contact): CallToPlace {
  return {
    callId: dial.callId,
    agentId: campaign.agent_id,
    phoneNumber: contact.phone_number,
    extension: contact.extension === '' ? null : contact.extension,
    fromNumberId: callerNumber(callerNumbers(dial, campaign), campaign.rotation, dial),
    firstName: contact.first_name,
    lastName: contact.last_name,
    email: contact.email,
    customFields: contact.custom_fields,
  };
}

/** Those of the campaign or, if it names none, all that its connection allows. */
function callerNumbers({ terms }: Dial, { phone_number_ids: own }: Campaign): readonly string[] {
  return own !== null && own.length > 0 ? own : (terms.callerNumbers ?? []);
}
