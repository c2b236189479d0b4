/** JSON bodies, parsed in small pieces: one piece per turn of the event loop. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { nextTurn } from '../../contact-files/turns.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { JsonScan, type ListOutline } from './json-scan.ts';
import { WHOLE_BODY } from './validation.ts';

/** Parses a text in one step, and refuses a text that would change a prototype. */
type Parse = (text: string) => unknown;

/** A smaller body is parsed in one step. */
const SMALL = 65_536;
/** Bytes of a body that are scanned in one turn. */
const SCAN_BYTES = 524_288;
/** Items of the longest list that a request may contain. */
const MOST_ITEMS = 10_000;
/** Parsed items of a list that are handed out in one turn. */
const RUN = 100;

/** Lets the routes of `app` parse their bodies in turns. */
export function acceptJson(app: FastifyInstance): void {
  addParser(app, async (body) => body.without(null));
}

/** The same for routes that read one list of the body themselves: they get the `JsonBody`. */
export function acceptJsonInRuns(app: FastifyInstance): void {
  app.removeContentTypeParser('application/json');
  addParser(app, async (body) => body);
}

function addParser(app: FastifyInstance, given: (body: JsonBody) => Promise<unknown>): void {
  const parse = parserOf(app);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, bytes: Buffer) =>
    given(await readJson(bytes, parse)),
  );
}

/** Fastify's own parser. */
function parserOf(app: FastifyInstance): Parse {
  const parse = app.getDefaultJsonParser('error', 'error');
  return (text) => {
    let read: unknown;
    void parse(undefined as never, text, (error, value) => {
      if (error) throw error;
      read = value;
    });
    return read;
  };
}

/** Reads a body. The values outside its lists are parsed immediately, and each list when it is asked for. */
export async function readJson(bytes: Buffer, parse: Parse): Promise<JsonBody> {
  if (bytes.length <= SMALL) return new JsonBody(parse, parse(bytes.toString('utf8')));
  const scan = new JsonScan(bytes);
  do {
    // Also before the first piece: many bodies may have arrived completely in the same turn.
    await nextTurn();
  } while (!scan.scan(SCAN_BYTES));
  if (!scan.isWhole)
    throw new RingfenceError('bad_request', 'The body is not JSON: check its quotes, commas and brackets.', {
      field: WHOLE_BODY,
    });
  const outside: string[] = [];
  let at = 0;
  for (const { start, end } of scan.lists) {
    outside.push(bytes.toString('utf8', at, start));
    at = end;
  }
  outside.push(bytes.toString('utf8', at));
  return new JsonBody(parse, parse(outside.join('')), { bytes, lists: scan.lists });
}

export class JsonBody {
  readonly #rest: unknown;
  readonly #bytes: Buffer;
  /** By field. Empty if the body was parsed as a whole. */
  readonly #lists: ReadonlyMap<string, ListOutline>;

  /** @param rest the body, in which lists that are not read yet are empty */
  constructor(
    private readonly parse: Parse,
    rest: unknown,
    unread: { readonly bytes: Buffer; readonly lists: readonly ListOutline[] } = { bytes: Buffer.alloc(0), lists: [] },
  ) {
    this.#rest = rest;
    this.#bytes = unread.bytes;
    // If a field occurs twice the last one counts, as in `JSON.parse`.
    const lists = unread.lists.filter(({ field }) => Array.isArray(valueOf(rest, field)));
    this.#lists = new Map(lists.map((list) => [list.field, list]));
  }

  /**
   * The body without the list in one field. Only the length of that list is given, as for lists over the limit: their
   * items are empty.
   */
  async without(field: string | null): Promise<unknown> {
    // Without a prototype, so that a field may have any name.
    const lists = Object.create(null) as Record<string, unknown[]>;
    for (const name of this.#lists.keys()) {
      const items = this.#lists.get(name)!.items;
      if (name === field || items > MOST_ITEMS) lists[name] = Array.from({ length: Math.min(items, MOST_ITEMS + 1) });
      else lists[name] = await this.#itemsOf(name);
    }
    return this.#lists.size === 0 ? this.#rest : { ...(this.#rest as object), ...lists };
  }

  /** The items of the list in a field, some in each turn of the event loop. */
  async *runs(field: string): AsyncGenerator<readonly unknown[]> {
    const list = this.#lists.get(field);
    const runs = list === undefined ? parsedRuns(valueOf(this.#rest, field)) : this.#parseRuns(list);
    for (const run of runs) {
      yield run;
      await nextTurn();
    }
  }

  async #itemsOf(field: string): Promise<unknown[]> {
    const items: unknown[] = [];
    for await (const run of this.runs(field)) items.push(...run);
    return items;
  }

  *#parseRuns({ pieces }: ListOutline): Generator<readonly unknown[]> {
    for (const [index, { start, end }] of pieces.entries()) {
      // Parsed as a list with an item at either end, so that no comma may be missing or doubled.
      const [before, after] = [index === 0 ? '' : '0', index === pieces.length - 1 ? '' : ',0'];
      const items = this.parse(`[${before}${this.#bytes.toString('utf8', start, end)}${after}]`) as unknown[];
      yield items.slice(before.length, after === '' ? undefined : -1);
    }
  }
}

function* parsedRuns(list: unknown): Generator<readonly unknown[]> {
  if (!Array.isArray(list)) return;
  for (let from = 0; from < list.length; from += RUN) yield list.slice(from, from + RUN) as unknown[];
}

function valueOf(body: unknown, field: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, field)
    ? (body as Readonly<Record<string, unknown>>)[field]
    : undefined;
}
