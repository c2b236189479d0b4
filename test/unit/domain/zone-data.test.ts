import moment from 'moment-timezone';
import packed from 'moment-timezone/data/packed/latest.json' with { type: 'json' };
import { afterEach, describe, expect, it, vi } from 'vitest';
import { databaseName, ZONE_DATA_VERSION, zoneHistory } from '../../../domain/windows/zone-data.ts';
import { canonicalZoneName, readZoneName } from '../../../domain/windows/zone-name.ts';
import { offsetAt } from '../../../domain/windows/zone-offsets.ts';
import { isNewerZoneData, isZoneDataVersion } from '../../../domain/engine/zone-data-version.ts';

const HOUR_MS = 3_600_000;
const hoursAt = (zone: string, instant: string) => offsetAt(zone, Date.parse(instant)) / HOUR_MS;

afterEach(() => vi.unstubAllGlobals());

describe('the zone data', () => {
  it('is at least the release that knows the law of November 2026', () => {
    expect(isZoneDataVersion(ZONE_DATA_VERSION)).toBe(true);
    expect(ZONE_DATA_VERSION >= '2026f').toBe(true);
  });

  it.each([
    ['America/Vancouver', -7],
    ['America/Edmonton', -6],
    ['America/Winnipeg', -5],
    ['America/New_York', -5],
    ['Europe/London', 0],
  ])('says what the clock shows in December 2026: %s', (zone, hours) => {
    expect(hoursAt(zone, '2026-12-07T12:00:00Z')).toBe(hours);
  });

  it('is read as the package that brings it reads it, for every zone', () => {
    // The library of holidays has an older copy of the package, which replaces the data of this one where both are loaded.
    moment.tz.load(packed);
    expect(moment.tz.names().length).toBeGreaterThan(500);
    for (const name of moment.tz.names()) {
      expect(databaseName(name)).toBe(name);
      const { untils, offsets } = moment.tz.zone(name)!;
      const expected = { ends: untils, offsets: offsets.map((minutes) => Math.round(0 - minutes * 60_000)) };
      expect(zoneHistory(name), name).toEqual(expected);
    }
  });

  it.each([
    ['the summer of 2400', '2400-07-01T12:00:00Z', 2],
    ['the winter of 2499', '2499-12-31T12:00:00Z', 1],
    ['what holds then, for ever after', '2600-07-01T12:00:00Z', 1],
  ])('reaches far ahead: %s', (_, instant, hours) => {
    expect(hoursAt('Europe/Berlin', instant)).toBe(hours);
  });

  it('is found under a name in any letter case, and under nothing like a name', () => {
    expect(databaseName('AMERICA/argentina/buenos_aires')).toBe('America/Argentina/Buenos_Aires');
    for (const name of ['', 'constructor', '__proto__', 'America', 'America/New_York ', 'America/New-York']) {
      expect([name, databaseName(name)]).toEqual([name, null]);
    }
  });

  it('is kept once per zone, whatever is asked for', () => {
    const berlin = zoneHistory('Europe/Berlin');
    expect(zoneHistory('europe/BERLIN')).toBe(berlin);
    expect(zoneHistory('US/Eastern')).toBe(zoneHistory('America/New_York'));
    expect(zoneHistory('Europe/Atlantis')).toBeNull();
  });
});

describe('the runtime', () => {
  it('is not asked about any zone', async () => {
    const NoZones = vi.fn(() => {
      throw new RangeError('no zone is known here');
    });
    vi.stubGlobal('Intl', { DateTimeFormat: NoZones });
    vi.resetModules();
    const { Schedule } = await import('../../../domain/windows/schedule.ts');
    const { windowAt } = await import('../../../domain/windows/windows.ts');
    const hours = { start_time: '09:00', end_time: '21:00', working_days: [1, 2, 3, 4, 5, 6, 7] };
    const schedule = Schedule.parse({ timezone: 'america/vancouver', ...hours });
    expect(windowAt(schedule, Date.parse('2026-12-07T12:00:00Z'))).toMatchObject({
      window: {
        opensAt: Date.parse('2026-12-07T16:00:00Z'),
        closesAt: Date.parse('2026-12-08T04:00:00Z'),
        zoneData: ZONE_DATA_VERSION,
      },
    });
    expect(Schedule.safeParse({ timezone: 'Nowhere/At_All' }).success).toBe(false);
  });
});

describe('names that are refused', () => {
  const now = Date.parse('2026-11-29T00:00:00Z');

  it('leave every place, and all old names of places', () => {
    const refused = moment.tz.names().filter((name) => canonicalZoneName(name) !== name);
    const signs = refused.filter((name) => /^Etc\/GMT[+-]\d+$/.test(name));
    expect(signs).toHaveLength(26);
    expect(refused.filter((name) => !signs.includes(name)).sort()).toEqual(['EST', 'HST', 'MST']);
  });

  it('are told with names that are taken, at the offset that is told with them, all year and from now on', () => {
    const offsets = Array.from({ length: 27 }, (_, index) => index - 12);
    const written = [
      ...offsets.flatMap((hours) => [`Etc/GMT${hours < 0 ? '' : '+'}${hours}`, `UTC${hours < 0 ? '' : '+'}${hours}`]),
      '+03:30',
      '+04:30',
      '+05:30',
      '+05:45',
      '+06:30',
      '+09:30',
      '-09:30',
      'EST',
      'MST',
      'HST',
      'PST',
      'IST',
    ];
    let told = 0;
    for (const name of written) {
      const read = readZoneName(name);
      if (!('problem' in read)) continue;
      for (const [, place] of read.problem.matchAll(/"([A-Z][a-z]+\/[\w/]+)"/g)) {
        if (!place!.startsWith('Etc/')) expect([place, canonicalZoneName(place!)]).toEqual([place, place]);
      }
      for (const [, place, sign, hours, minutes = '0'] of read.problem.matchAll(
        /"([\w/]+)" for UTC([+-])(\d+)(?::(\d+))?/g,
      )) {
        told += 1;
        const { ends, offsets: has } = zoneHistory(place!)!;
        const expected = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
        expect([place, has.at(-1)! + 0]).toEqual([place, expected + 0]);
        expect([place, ends.findIndex((end) => end > now)]).toEqual([place, ends.length - 1]);
      }
    }
    expect(told).toBeGreaterThan(60);
  });
});

describe('releases of the data', () => {
  it('follow one another by year and letter', () => {
    const inOrder = ['2025c', '2026a', '2026f', '2026z', '2026za', '2027a'];
    for (const [index, version] of inOrder.entries()) {
      for (const [other, than] of inOrder.entries()) expect(isNewerZoneData(version, than)).toBe(index > other);
    }
  });

  it.each([
    null,
    undefined,
    2026,
    '',
    '2026',
    '2026F',
    ' 2026f',
    '2026f\n',
    '2026abc',
    ['2026f'],
    { version: '2026f' },
  ])('are not mistaken for %j', (value) => {
    expect(isZoneDataVersion(value)).toBe(false);
  });
});
