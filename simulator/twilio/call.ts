import { shiftOf, type SimulatedCall, type ToldCall, toldCall } from '../simulated-call.ts';
import type { CallEnd, LifeOutcome } from '../call-life.ts';
import type { EventName } from '../faults.ts';

/** A call in the words of Twilio's Calls API. */

export interface TwilioDetails {
  /** The parameters that the call was created with. */
  readonly form: URLSearchParams;
  /** The number of its next status callback. */
  sequence: number;
}
export type TwilioCall = SimulatedCall<TwilioDetails>;

/** A mailbox has answered a call as well. */
const STATUSES: Readonly<Record<CallEnd, string>> = {
  completed: 'completed',
  voicemail: 'completed',
  busy: 'busy',
  declined: 'busy',
  no_answer: 'no-answer',
  failed: 'failed',
  invalid_number: 'failed',
  cancelled: 'canceled',
};

export function statusAfter(outcome: CallEnd): string {
  return STATUSES[outcome];
}

/** The final response of SIP, where it says why a call has failed. */
export function sipCodeOf(outcome: CallEnd | null): string | null {
  if (outcome === 'invalid_number') return '404';
  return outcome === 'failed' ? '503' : null;
}

/** Who answered, if the call asked for that. Digits to send switch it off. */
export function answeredBy({ life, details }: TwilioCall, { startedAt }: Pick<ToldCall, 'startedAt'>): string | null {
  if (startedAt === null || !detectsMachines(details.form)) return null;
  return life.outcome === 'voicemail' ? 'machine_end_beep' : 'human';
}

/** Nobody is known to have declined, and a mailbox is known only where machines are detected. */
export function perceive(outcome: LifeOutcome, form: URLSearchParams): LifeOutcome {
  if (outcome === 'declined') return 'busy';
  return outcome === 'voicemail' && !detectsMachines(form) ? 'completed' : outcome;
}

function detectsMachines(form: URLSearchParams): boolean {
  return form.has('MachineDetection') && !form.has('SendDigits');
}

/** An instant as the carrier tells it in an event. */
export function toldTime(call: TwilioCall, at: number, event: EventName): string {
  return rfc2822(at + shiftOf(call, event));
}

function rfc2822(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}

function statusOf({ state, outcome }: ToldCall): string {
  switch (state) {
    case 'queued':
    case 'ringing':
      return state;
    case 'in_progress':
      return 'in-progress';
    case 'over':
      return statusAfter(outcome ?? 'completed');
  }
}

export function describeCall(call: TwilioCall, account: string) {
  const told = toldCall(call);
  const { acceptedAt, dialledAt, startedAt, endedAt } = told;
  const at = (instant: number | null) => (instant === null ? null : rfc2822(instant));
  const { id } = call.entry;
  return {
    sid: id,
    account_sid: account,
    api_version: '2010-04-01',
    to: call.details.form.get('To'),
    from: call.details.form.get('From'),
    status: statusOf(told),
    direction: 'outbound-api',
    answered_by: answeredBy(call, told),
    date_created: rfc2822(acceptedAt),
    date_updated: rfc2822(endedAt ?? startedAt ?? dialledAt ?? acceptedAt),
    start_time: at(dialledAt),
    end_time: at(endedAt),
    duration: startedAt === null || endedAt === null ? null : String(Math.round((endedAt - startedAt) / 1000)),
    price: null,
    price_unit: 'USD',
    queue_time: '0',
    uri: `/2010-04-01/Accounts/${account}/Calls/${id}.json`,
  };
}

/** The requests that Twilio records about a call: first the one that created it, with its parameters in snake case. */
export function describeEvents(call: TwilioCall, account: string) {
  const { uri, date_created } = describeCall(call, account);
  const parameters = Object.fromEntries(
    [...call.details.form].map(([name, value]) => [name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase(), value]),
  );
  return [
    {
      request: { method: 'POST', url: `https://api.twilio.com${uri}`, parameters },
      response: { response_code: 201, content_type: 'application/json', date_created },
    },
  ];
}
