import { counted } from './counted.ts';
import type { EngineSpec } from './campaign-spec.ts';
import { hoursInWords } from './hours-text.ts';

/** The terms that an edit can change, as a list in Markdown. */
export function termsInWords({ schedule, ...spec }: EngineSpec): string[] {
  const { blackout_dates: blackouts } = schedule;
  const without = blackouts.length === 0 ? '' : `, except ${counted(blackouts.length, 'date')}`;
  return [
    `- Hours: ${hoursInWords(schedule)}${without}`,
    ...(spec.ends_at === null ? [] : [`- Ends at: ${inUtc(spec.ends_at)}`]),
    ...(spec.open_ended ? ['- Open-ended: waits for more contacts'] : []),
    `- At most ${counted(spec.max_concurrent_calls, 'call')} at a time, ${spec.max_calls_per_day ?? 'any number'} a day`,
    `- Retries: ${spec.retry.budget} for each contact`,
  ];
}

/** An instant as UTC, to the second, because the output must not depend on the zone data of the worker. */
export function inUtc(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
