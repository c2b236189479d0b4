/** Forecasts in words, for people. */
import { counted } from '../domain/engine/counted.ts';
import type { Assumed, ProjectionResponse, ForecastResponse, LimitedBy } from '../domain/forecast/response.ts';
import { lines } from './output.ts';

const OUTCOME: Readonly<Record<ProjectionResponse['outcome'], string>> = {
  finishes: 'every contact is called',
  expires: 'ends_at comes before every contact is called',
  paused: 'the campaign is paused and places no calls',
  interrupted: 'the campaign is interrupted and waits for a restart',
  stopped: 'an administrator has stopped its calls',
  held: 'max_concurrent_calls is 0, so no calls are placed',
  never_opens: 'no calling window opens, so no calls are placed',
  beyond_five_years: 'the campaign does not finish within five years',
  ending: 'the campaign is ending; live calls run to their end',
  ended: 'it is over',
};

/** How many of the days are shown; --json lists more. */
const DAYS_SHOWN = 7;

export function forecastText(forecast: ForecastResponse): string[] {
  const { if_resumed_now: resumed } = forecast;
  return [
    ...lines([
      ['contacts', `${forecast.contacts} to be called`],
      ...courseFacts(forecast),
      ['assumed', assumedText(forecast.assumed)],
      ['as of', forecast.as_of],
    ]),
    ...(resumed === null ? [] : ['', ifResumed(forecast), ...lines(courseFacts(resumed))]),
  ];
}

function ifResumed({ outcome, status }: ForecastResponse): string {
  if (outcome === 'stopped') return 'If the stop ended now:';
  return `If it were ${status === 'interrupted' ? 'restarted' : 'resumed'} now:`;
}

function courseFacts(course: ProjectionResponse): [string, string][] {
  const { outcome, finishes_at, calls, expires, calling_days, calls_per_day, days, limited_by } = course;
  const more = days.length > DAYS_SHOWN ? ', ...' : '';
  const shown = days.slice(0, DAYS_SHOWN).map((day) => `${day.date}: ${day.calls}`);
  return [
    ['outcome', OUTCOME[outcome]],
    ['finishes', finishes_at ?? '-'],
    ['calls', `${calls}${calls_per_day === null ? '' : ` on ${counted(calling_days, 'day')}, ${calls_per_day} a day`}`],
    ...(shown.length === 0 ? [] : [['days', shown.join(', ') + more] as [string, string]]),
    ...(expires === 0 ? [] : [['not called', `${expires}`] as [string, string]]),
    ['limited by', limited_by.length === 0 ? 'no single limit' : limited_by.map(limitText).join('; ')],
  ];
}

function limitText({ limit, finishes_at_without: at, expires_without }: LimitedBy): string {
  if (at !== null) return `${limit} (without it: ${at})`;
  return `${limit} (without it ${counted(expires_without, 'is', 'are')} not called)`;
}

function assumedText({ call_seconds, call_seconds_from, retry_share, retry_share_from }: Assumed): string {
  const share = `${Math.round(retry_share * 100)}% of calls are retried`;
  return `a call takes ${call_seconds} s (${call_seconds_from}), ${share} (${retry_share_from})`;
}
