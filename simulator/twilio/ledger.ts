import type { CallbackTrouble, Life } from './plan.ts';

/** One accepted call. */
export interface StandInCall {
  readonly sid: string;
  readonly form: URLSearchParams;
  readonly life: Life;
  readonly trouble: CallbackTrouble;
  readonly acceptedAt: number;
  status: string;
  answeredBy: string | null;
  dialledAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  /** Of the callbacks, from 0. */
  sequence: number;
}

/** Twilio's form of an instant. */
export function rfc2822(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}

/** A call as the API shows it. */
export function describeCall(call: StandInCall, accountSid: string) {
  const at = (instant: number | null) => (instant === null ? null : rfc2822(instant));
  return {
    sid: call.sid,
    account_sid: accountSid,
    api_version: '2010-04-01',
    to: call.form.get('To'),
    from: call.form.get('From'),
    status: call.status,
    direction: 'outbound-api',
    answered_by: call.answeredBy,
    date_created: rfc2822(call.acceptedAt),
    date_updated: rfc2822(call.endedAt ?? call.answeredAt ?? call.dialledAt ?? call.acceptedAt),
    start_time: at(call.dialledAt),
    end_time: at(call.endedAt),
    duration:
      call.answeredAt === null || call.endedAt === null
        ? null
        : String(Math.round((call.endedAt - call.answeredAt) / 1000)),
    price: null,
    price_unit: 'USD',
    queue_time: '0',
    uri: `/2010-04-01/Accounts/${accountSid}/Calls/${call.sid}.json`,
  };
}

/** The requests that Twilio records about a call: first the one that created it, with its parameters in snake case. */
export function describeEvents(call: StandInCall, accountSid: string) {
  const { uri } = describeCall(call, accountSid);
  const parameters = Object.fromEntries(
    [...call.form].map(([name, value]) => [name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase(), value]),
  );
  return [
    {
      request: { method: 'POST', url: `https://api.twilio.com${uri}`, parameters },
      response: { response_code: 201, content_type: 'application/json', date_created: rfc2822(call.acceptedAt) },
    },
  ];
}
