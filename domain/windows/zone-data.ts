/**
 * The IANA time zone data of Ringfence: the same on every machine, whatever its Node.js or operating system contains. A
 * newer release comes with a newer version of the package that contains it.
 *
 * Code that a workflow runs must not import this: the data of one worker must not decide in a replay.
 */
import packed from 'moment-timezone/data/packed/latest.json' with { type: 'json' };

/** The release of the IANA data, such as `2026f`. */
export const ZONE_DATA_VERSION: string = packed.version;

/** One zone as a list of periods with a constant offset. Milliseconds. */
export interface ZoneHistory {
  /** Period i ends just before `ends[i]`; the last one never does. */
  readonly ends: readonly number[];
  /** Local wall time minus UTC in period i. */
  readonly offsets: readonly number[];
}

interface NamedZone {
  /** The spelling of the database. */
  readonly name: string;
  /** The line of the package: `name|abbreviations|offsets|indices|ends|population`. */
  readonly line: string;
}

const byName = new Map<string, NamedZone>();
for (const line of packed.zones) {
  const name = line.slice(0, line.indexOf('|'));
  byName.set(name.toLowerCase(), { name, line });
}
// Every alias refers to a zone, none to another alias.
for (const link of packed.links) {
  const [target = '', name = ''] = link.split('|');
  const zone = byName.get(target.toLowerCase());
  if (zone) byName.set(name.toLowerCase(), { name, line: zone.line });
}

const byCountry = new Map(
  packed.countries.map((line): [string, readonly string[]] => {
    const [country = '', names = ''] = line.split('|');
    const zones = names.split(' ');
    // A country that has another name for the zone of a neighbour is listed with both.
    const foreign = new Set(zones.map(zoneBehind).filter((zone, index) => zone !== zones[index]));
    return [country, zones.filter((zone) => !foreign.has(zone))];
  }),
);

/** The zone that a name of the data refers to. */
function zoneBehind(name: string): string {
  const line = byName.get(name.toLowerCase())?.line ?? name;
  return line.split('|', 1)[0] ?? name;
}

/** Zones by their line in the package, so never more than the data has. */
const histories = new Map<string, ZoneHistory>();

/**
 * The zone's name in the spelling of the database, aliases included, for a name in any letter case; null if there is
 * none.
 */
export function databaseName(name: string): string | null {
  return byName.get(name.toLowerCase())?.name ?? null;
}

/** The zones of a country (ISO 3166-1 alpha-2). Empty if the data does not have it. */
export function zonesOfCountry(country: string): readonly string[] {
  return byCountry.get(country) ?? [];
}

/** The zone's periods; null if the data has no zone with this name. */
export function zoneHistory(name: string): ZoneHistory | null {
  const zone = byName.get(name.toLowerCase());
  if (!zone) return null;
  let history = histories.get(zone.line);
  if (!history) {
    history = unpack(zone.line);
    histories.set(zone.line, history);
  }
  return history;
}

/** Reads a line of the package: numbers in base 60, offsets in minutes west, each end in minutes after the one before. */
function unpack(line: string): ZoneHistory {
  const [, , offsetTable = '', indices = '', steps = ''] = line.split('|');
  const distinct = offsetTable.split(' ').map((text) => 0 - toMilliseconds(text));
  const offsets = Array.from(indices, (digit) => distinct[digitValue(digit)] ?? 0);
  const ends: number[] = [];
  let end = 0;
  for (const step of steps === '' ? [] : steps.split(' ')) {
    end += toMilliseconds(step);
    ends.push(end);
  }
  return { ends: [...ends.slice(0, offsets.length - 1), Infinity], offsets };
}

/** Minutes in base 60, with a fraction where old local times have seconds. */
function toMilliseconds(text: string): number {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.slice(negative ? 1 : 0).split('.');
  let minutes = 0;
  for (const digit of whole) minutes = minutes * 60 + digitValue(digit);
  let part = 1;
  for (const digit of fraction) {
    part /= 60;
    minutes += digitValue(digit) * part;
  }
  return Math.round((negative ? -minutes : minutes) * 60_000);
}

/** 0 to 9, a to z, A to X. */
function digitValue(digit: string): number {
  const code = digit.charCodeAt(0);
  if (code > 96) return code - 87;
  return code > 64 ? code - 29 : code - 48;
}
