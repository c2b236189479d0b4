import type { Ringfence } from '../client/index.ts';

/** Area codes in use. The numbers are made up, and go to the simulated provider of this machine only. */
const AREAS = (
  '201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 ' +
  '254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323'
).split(' ');
/** An exchange is three digits, of which the first is neither 0 nor 1. */
const EXCHANGES = Array.from({ length: 700 }, (_, index) => String(200 + index)).filter((code) => !code.endsWith('11'));
const LINES = 10_000;
const ROWS_PER_PIECE = 10_000;

/** The most people that there are numbers for. */
export const MOST_PEOPLE = 10_000_000;

/** Imports this many people, beginning with the person of number `from`, into a new folder; returns its id. */
export async function importPeople({ folders, contacts }: Ringfence, count: number, from = 0): Promise<string> {
  const folder = await folders.create({ name: `bench ${new Date().toISOString()} ${from}` });
  const { imported } = await contacts.import(() => csv(count, from), { folder_id: folder.id });
  if (imported !== count) throw new Error(`Of ${count} people ${imported} were imported.`);
  return folder.id;
}

async function* csv(count: number, from: number): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode('phone_number,first_name\n');
  for (let start = from; start < from + count; start += ROWS_PER_PIECE) {
    const rows: string[] = [];
    for (let n = start; n < Math.min(start + ROWS_PER_PIECE, from + count); n += 1)
      rows.push(`${numberOf(n)},Person ${n}\n`);
    yield encoder.encode(rows.join(''));
  }
}

export function numberOf(n: number): string {
  const line = String(n % LINES).padStart(4, '0');
  const rest = Math.floor(n / LINES);
  return `+1${AREAS[rest % AREAS.length]}${EXCHANGES[Math.floor(rest / AREAS.length)]}${line}`;
}
