/**
 * Accepted time zone names, and what to write instead of others. Letter case is corrected (`europe/berlin` becomes
 * `Europe/Berlin`), and an alias stays an alias (`US/Eastern`).
 *
 * Some names are refused although the data has them, because they mean a fixed offset there and something else to
 * people. `EST` has no daylight saving, and the sign of `Etc/GMT+5` is the opposite of what it seems. `EST5EDT` and
 * `CET` are accepted: their clocks change as people expect.
 */
import { LONGEST_ZONE_NAME } from '../engine/schedule-fields.ts';
import { databaseName, ZONE_DATA_VERSION } from './zone-data.ts';

/**
 * A name in its stored form, or the reason for its refusal: a sentence without its subject, which says what to write.
 */
export type ReadZoneName =
  | { readonly name: string }
  | {
      readonly problem: string;
      /** Whether the data has the name, with a meaning that few would expect. */
      readonly misleading: boolean;
    };

const UNKNOWN = `must be an IANA zone name such as "Europe/Berlin", known to release ${ZONE_DATA_VERSION}; offsets and abbreviations are not accepted`;

/** Abbreviations by what people mean by them. `hours` is set where the data has the name, with that offset all year. */
const ABBREVIATIONS: Readonly<Record<string, { readonly write: string; readonly hours?: number }>> = {
  EST: { write: 'America/New_York', hours: -5 },
  MST: { write: 'America/Denver', hours: -7 },
  HST: { write: 'Pacific/Honolulu', hours: -10 },
  EDT: { write: 'America/New_York' },
  CST: { write: 'America/Chicago' },
  CDT: { write: 'America/Chicago' },
  MDT: { write: 'America/Denver' },
  PST: { write: 'America/Los_Angeles' },
  PDT: { write: 'America/Los_Angeles' },
  AKST: { write: 'America/Anchorage' },
  AKDT: { write: 'America/Anchorage' },
  AST: { write: 'America/Halifax' },
  NST: { write: 'America/St_Johns' },
  BST: { write: 'Europe/London' },
  CEST: { write: 'Europe/Berlin' },
  EEST: { write: 'Europe/Athens' },
  MSK: { write: 'Europe/Moscow' },
  SAST: { write: 'Africa/Johannesburg' },
  IST: { write: 'Asia/Kolkata' },
  JST: { write: 'Asia/Tokyo' },
  KST: { write: 'Asia/Seoul' },
  AWST: { write: 'Australia/Perth' },
  ACST: { write: 'Australia/Adelaide' },
  AEST: { write: 'Australia/Sydney' },
  AEDT: { write: 'Australia/Sydney' },
  NZST: { write: 'Pacific/Auckland' },
  NZDT: { write: 'Pacific/Auckland' },
};

/** A place for each offset that some place keeps all year, by minutes ahead of UTC. */
const PLACE_WITH_OFFSET: Readonly<Record<number, string>> = {
  [-660]: 'Pacific/Pago_Pago',
  [-600]: 'Pacific/Honolulu',
  [-570]: 'Pacific/Marquesas',
  [-540]: 'Pacific/Gambier',
  [-480]: 'Pacific/Pitcairn',
  [-420]: 'America/Phoenix',
  [-360]: 'America/Costa_Rica',
  [-300]: 'America/Panama',
  [-240]: 'America/Puerto_Rico',
  [-180]: 'America/Argentina/Buenos_Aires',
  [-120]: 'America/Noronha',
  [-60]: 'Atlantic/Cape_Verde',
  0: 'UTC',
  60: 'Africa/Lagos',
  120: 'Africa/Johannesburg',
  180: 'Africa/Nairobi',
  210: 'Asia/Tehran',
  240: 'Asia/Dubai',
  270: 'Asia/Kabul',
  300: 'Asia/Karachi',
  330: 'Asia/Kolkata',
  345: 'Asia/Kathmandu',
  360: 'Asia/Dhaka',
  390: 'Asia/Yangon',
  420: 'Asia/Bangkok',
  480: 'Asia/Singapore',
  540: 'Asia/Tokyo',
  570: 'Australia/Darwin',
  600: 'Australia/Brisbane',
  660: 'Pacific/Guadalcanal',
  720: 'Pacific/Tarawa',
  780: 'Pacific/Fakaofo',
  840: 'Pacific/Kiritimati',
};

/** Reads a name as somebody wrote it. */
export function readZoneName(written: string): ReadZoneName {
  if (written.length > LONGEST_ZONE_NAME) return { problem: UNKNOWN, misleading: false };
  const name = databaseName(written);
  const problem = abbreviationProblem(written) ?? signProblem(written) ?? offsetProblem(written);
  if (problem !== null) return { problem, misleading: name !== null };
  return name === null ? { problem: UNKNOWN, misleading: false } : { name };
}

/** The name in its stored form; null if it is refused. */
export function canonicalZoneName(written: string): string | null {
  const read = readZoneName(written);
  return 'name' in read ? read.name : null;
}

function abbreviationProblem(written: string): string | null {
  const name = written.toUpperCase();
  const known = Object.hasOwn(ABBREVIATIONS, name) ? ABBREVIATIONS[name] : undefined;
  if (!known) return null;
  if (known.hours === undefined) return `"${name}" is no IANA zone name: write the place, such as "${known.write}"`;
  const allYear = placeWith(60 * known.hours);
  const otherwise = allYear === known.write ? '' : `, or "${allYear}" for ${utc(60 * known.hours)} all year`;
  return `"${name}" has no daylight saving in the IANA data: write "${known.write}"${otherwise}`;
}

/** `Etc/GMT+5` is behind UTC. The two names for a zero offset mean what they say. */
function signProblem(written: string): string | null {
  const [, sign, digits] = /^Etc\/GMT([+-])(\d{1,2})$/i.exec(written) ?? [];
  const hours = Number(digits);
  if (sign === undefined || hours === 0 || hours > 14) return null;
  const reads = sign === '+' ? 60 * hours : -60 * hours;
  const [meant, opposite] = [placeWith(-reads), placeWith(reads)];
  const choices = [
    ...(meant === undefined ? [] : [`"${meant}" for ${utc(-reads)}`]),
    ...(opposite === undefined ? [] : [`"${opposite}" for ${utc(reads)}`]),
  ];
  return `"Etc/GMT${sign}${hours}" means ${utc(-reads)} in the IANA data, not ${utc(reads)}: write ${choices.join(', or ')}`;
}

/** `UTC+3`, `GMT-05:00`, `+0530`. `GMT+0` is a name of the data for UTC. */
function offsetProblem(written: string): string | null {
  const [, sign, hours, minutes = '0'] = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(written) ?? [];
  if (sign === undefined || databaseName(written) !== null) return null;
  const ahead = (sign === '-' ? -1 : 1) * (60 * Number(hours) + Number(minutes));
  const place = placeWith(ahead);
  const otherwise = place === undefined ? '' : `, or "${place}" for ${utc(ahead)} all year`;
  return `must be an IANA zone name, for an offset does not follow daylight saving: write the place, such as "Europe/Berlin"${otherwise}`;
}

function placeWith(minutesAhead: number): string | undefined {
  return PLACE_WITH_OFFSET[minutesAhead];
}

/** `UTC-5`, `UTC+5:30`. */
function utc(minutesAhead: number): string {
  const minutes = Math.abs(minutesAhead);
  const rest = minutes % 60 === 0 ? '' : `:${String(minutes % 60).padStart(2, '0')}`;
  return `UTC${minutesAhead < 0 ? '-' : '+'}${Math.floor(minutes / 60)}${rest}`;
}
