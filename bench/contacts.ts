import { requestApi, type ApiOptions } from '../client/http-api.ts';
import { FolderAnswer, ImportAnswer } from '../domain/contact-answer.ts';

/** Area codes in use; with the exchange 555 and the lines 0100 to 0199 nobody can be reached. */
const AREAS = (
  '201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 ' +
  '254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323'
).split(' ');
const LINES_PER_AREA = 100;

/** Imports this many people with numbers set aside for fiction into a new folder; returns its id. */
export async function importPeople(api: ApiOptions, count: number): Promise<string> {
  if (count > AREAS.length * LINES_PER_AREA) {
    throw new Error(`There are numbers for ${AREAS.length * LINES_PER_AREA} people, not for ${count}.`);
  }
  const { data: folder } = await requestApi(
    api,
    { method: 'POST', path: '/contacts/folders', body: { name: `bench ${new Date().toISOString()}` } },
    FolderAnswer,
  );
  const response = await fetch(`${api.baseUrl}/contacts/import?folder_id=${folder.id}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': 'text/csv' },
    body: csv(count),
  });
  const { imported } = ImportAnswer.parse(((await response.json()) as { data: unknown }).data);
  if (imported !== count) throw new Error(`Of ${count} people ${imported} were imported.`);
  return folder.id;
}

function csv(count: number): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const line = String(index % LINES_PER_AREA).padStart(2, '0');
    return `+1${AREAS[Math.floor(index / LINES_PER_AREA)]}55501${line},Person ${index}`;
  });
  return ['phone_number,first_name', ...rows].join('\n');
}
