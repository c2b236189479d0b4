/** A schedule in a request: its zone exists, and means what people expect. */
import { z } from 'zod';
import { checkHours, hoursChangeShape, hoursShape, LONGEST_ZONE_NAME } from '../engine/schedule-fields.ts';
import { canonicalZoneName, readZoneName } from './zone-name.ts';

export { checkHours };

const ZONE = 'timezone must be an IANA zone name such as "Europe/Berlin"; offsets and abbreviations are not accepted';

const Timezone = z
  .string(ZONE)
  .max(LONGEST_ZONE_NAME, { error: ZONE, abort: true })
  .superRefine((name, context) => {
    const read = readZoneName(name);
    if ('problem' in read) context.addIssue({ code: 'custom', message: `timezone ${read.problem}` });
  })
  .overwrite((name) => canonicalZoneName(name) ?? name)
  .describe('IANA name of the time zone of hours and days.');

/** The fields of a schedule with their defaults, for a schema that also has other fields; add `checkHours` to it. */
export const scheduleShape = { timezone: Timezone.default('UTC'), ...hoursShape };

/**
 * The same fields for a change. The changed schedule must pass `Schedule`, because hours are only right or wrong as a
 * pair.
 */
export const scheduleChangeShape = { timezone: Timezone.optional(), ...hoursChangeShape };

/**
 * When a campaign may dial. An instant is inside iff its wall time in `timezone` lies in [`start_time`, `end_time`) on
 * one of the `working_days` (ISO: 1 Monday to 7 Sunday) that is not among the `blackout_dates`. Without hours the whole
 * day is inside. A start later than the end makes an overnight window, which belongs to the day on which it opened.
 *
 * Other fields are dropped, so that a schedule can be read out of a larger object.
 */
export const Schedule = z.object(scheduleShape).superRefine(checkHours);
export type Schedule = z.infer<typeof Schedule>;
