/** A schedule in a request: its zones exist, and mean what people expect. */
import { z } from 'zod';
import { checkHours } from '../engine/calling-hours.ts';
import { CONTACT_ZONE, hoursChangeShape, hoursShape, LONGEST_ZONE_NAME } from '../engine/schedule-fields.ts';
import { canonicalZoneName, readZoneName } from './zone-name.ts';

export { checkHours };

/** Instead of a zone: contacts whose time zone is not known are skipped. */
export const SKIP = 'skip';

/** @param word what is accepted instead of a zone */
function zoneField(field: string, word?: string) {
  // Not for the time zone: it cannot be changed to its word.
  const otherwise = word === SKIP ? `, or write "${word}"` : '';
  const form = `${field} must be an IANA zone name such as "Europe/Berlin"; offsets and abbreviations are not accepted${otherwise}`;
  return z
    .string(form)
    .max(LONGEST_ZONE_NAME, { error: form, abort: true })
    .superRefine((name, context) => {
      if (name === word) return;
      const read = readZoneName(name);
      if ('problem' in read) context.addIssue({ code: 'custom', message: `${field} ${read.problem}${otherwise}` });
    })
    .overwrite((name) => (name === word ? name : (canonicalZoneName(name) ?? name)));
}

const Timezone = zoneField('timezone', CONTACT_ZONE).describe(
  'IANA name of the time zone of hours and days. `contact`: each contact is called in its own hours, in the time zone of its row. If the row states none, it is called while the hours are open in all time zones in which the person may be by number and region.',
);

/** What becomes of contacts whose time zone is not known. */
export const UnknownZone = zoneField('unknown_zone', SKIP)
  .describe(
    'With `timezone` `contact`, or where a policy about hours holds: what becomes of contacts whose time zone is not known. `skip`: they are skipped. An IANA name: they are called in that time zone.',
  )
  .default(SKIP);

const DayTimezone = zoneField('day_timezone')
  .nullable()
  .describe(
    'IANA name of the time zone whose civil days `max_calls_per_day` counts. Null: `timezone`, or UTC where that is `contact`.',
  );

/** The fields of a schedule with their defaults, for a schema that also has other fields; add `checkHours` to it. */
export const scheduleShape = {
  timezone: Timezone.default('UTC'),
  ...hoursShape,
  day_timezone: DayTimezone.default(null),
};

/**
 * The same fields for a change. The changed schedule must pass `Schedule`, because hours are only right or wrong
 * together.
 */
export const scheduleChangeShape = {
  timezone: Timezone.optional(),
  ...hoursChangeShape,
  day_timezone: DayTimezone.optional(),
};

/**
 * When a campaign may dial. An instant is inside iff its wall time in `timezone` lies in [start, end) of a window on one
 * of the window's days (ISO: 1 Monday to 7 Sunday) that is neither among the `blackout_dates` nor a holiday. A start
 * later than the end makes an overnight window, which belongs to the day on which it opened.
 *
 * Other fields are dropped, so that a schedule can be read out of a larger object. Its zone is not `contact`.
 */
export const Schedule = z
  .object({ ...scheduleShape, timezone: zoneField('timezone').default('UTC') })
  .superRefine(checkHours);
export type Schedule = z.infer<typeof Schedule>;
