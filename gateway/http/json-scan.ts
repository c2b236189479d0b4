/**
 * The outline of a JSON text, found without parsing it. `JSON.parse` reads a text in one step, which may take seconds
 * for ten megabytes. With the outline it gets the text in pieces. The scan looks at each byte once and can be
 * interrupted anywhere.
 *
 * The scan does not validate the text: every piece, and everything outside the pieces, is parsed as JSON afterwards.
 */
import { shortened } from '../../domain/contacts/bounds.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { WHOLE_BODY } from './validation.ts';

/**
 * Maximum number of values in one item of a list, and in a body outside its lists. A contact has at most a hundred
 * custom fields, and a request fewer than thirty other fields.
 */
export const MOST_VALUES = 1_000;
/**
 * Longest string, because a string is parsed in one step. The longest useful one has 2,000 characters, which may be
 * escaped.
 */
const LONGEST_TEXT_BYTES = 131_072;
/** More than any field name takes, however it is escaped. */
const LONGEST_NAME_BYTES = 1_024;
/** Items of a list that are parsed together. */
const PIECE_ITEMS = 100;
const PIECE_BYTES = 16_384;

/** A list in a field of the body. Its pieces are groups of items; each but the first begins with a comma. */
export interface ListOutline {
  readonly field: string;
  readonly start: number;
  readonly end: number;
  readonly items: number;
  readonly pieces: readonly { readonly start: number; readonly end: number }[];
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const [SPACE, TAB, LF, CR] = [0x20, 0x09, 0x0a, 0x0d];

export class JsonScan {
  /** Lists in fields of the body, in the order of the text. */
  readonly lists: ListOutline[] = [];
  #at = 0;
  #depth = 0;
  #inText = false;
  #textStart = 0;
  /** Values in the current item of a list or, outside lists, in the body. */
  #values = 0;
  #valuesOutside = 0;
  /** Start and end of the last string on the level of the body's fields. Before a colon it is a field name. */
  #name = { start: 0, end: 0 };
  /** Start and end of the current field's name. It is read only if it is needed. */
  #fieldName = { start: 0, end: 0 };
  #list: { start: number; items: number; pieces: { start: number; end: number }[] } | null = null;
  #piece = { start: 0, items: 0 };
  #isEmpty = true;

  constructor(private readonly bytes: Buffer) {}

  /**
   * Scans so many more bytes. Returns whether the end is reached.
   *
   * @throws RingfenceError `validation_error` if there are more values together, or a longer string, than any request
   *   needs
   */
  scan(most: number): boolean {
    const { bytes } = this;
    const end = Math.min(bytes.length, this.#at + most);
    let at = this.#at;
    for (; at < end; at += 1) {
      const byte = bytes[at]!;
      if (this.#inText) {
        if (byte === BACKSLASH) at += 1;
        else if (byte === QUOTE) {
          this.#refuseLongText(at);
          this.#inText = false;
          if (this.#depth === 1) this.#name.end = at + 1;
        }
        continue;
      }
      switch (byte) {
        case SPACE:
        case TAB:
        case LF:
        case CR:
          continue;
        case QUOTE:
          this.#inText = true;
          this.#textStart = at;
          if (this.#depth === 1) this.#name.start = at;
          break;
        case COLON:
          if (this.#depth === 1) this.#fieldName = { ...this.#name };
          break;
        case COMMA:
          this.#separate(at);
          continue;
        case OPEN_LIST:
        case OPEN_OBJECT:
          this.#open(at, byte === OPEN_LIST);
          continue;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          this.#close(at);
          continue;
        default:
      }
      this.#isEmpty = false;
    }
    if (this.#inText) this.#refuseLongText(at);
    this.#at = at;
    return at >= bytes.length;
  }

  /** Whether every bracket that was opened was closed. */
  get isWhole(): boolean {
    return this.#depth === 0 && !this.#inText;
  }

  #separate(at: number): void {
    const list = this.#depth === 2 ? this.#list : null;
    if (list === null) {
      this.#count();
      if (this.#depth === 1) this.#fieldName = { start: 0, end: 0 };
      return;
    }
    list.items += 1;
    this.#values = 0;
    this.#piece.items += 1;
    if (this.#piece.items < PIECE_ITEMS && at - this.#piece.start < PIECE_BYTES) return;
    list.pieces.push({ start: this.#piece.start, end: at });
    this.#piece = { start: at, items: 0 };
  }

  #open(at: number, isList: boolean): void {
    this.#count();
    this.#depth += 1;
    if (this.#depth === 2 && isList) {
      this.#valuesOutside = this.#values;
      this.#values = 0;
      this.#list = { start: at + 1, items: 0, pieces: [] };
      this.#piece = { start: at + 1, items: 0 };
      this.#isEmpty = true;
    } else {
      this.#isEmpty = false;
    }
  }

  #close(at: number): void {
    const list = this.#depth === 2 ? this.#list : null;
    // A text that closes more than it opened is not JSON, whatever follows.
    this.#depth = this.#depth > 0 ? this.#depth - 1 : Number.NaN;
    if (list === null) {
      this.#isEmpty = false;
      return;
    }
    list.pieces.push({ start: this.#piece.start, end: at });
    const items = this.#isEmpty && list.items === 0 ? 0 : list.items + 1;
    this.lists.push({ ...list, field: this.#nameOfField(), end: at, items });
    this.#list = null;
    this.#values = this.#valuesOutside;
  }

  #count(): void {
    this.#values += 1;
    if (this.#values <= MOST_VALUES) return;
    this.#refuse(`holds more than ${MOST_VALUES} values, and no request has use for as many: see GET /openapi.json`);
  }

  #refuseLongText(at: number): void {
    if (at - this.#textStart <= LONGEST_TEXT_BYTES) return;
    this.#refuse(`holds a text of more than ${LONGEST_TEXT_BYTES >> 10} KiB: no request has use for as much`);
  }

  #refuse(message: string): never {
    const name = this.#nameOfField();
    const field = this.#list === null ? name : `${name}[${this.#list.items}]`;
    if (field === '') throw new RingfenceError('validation_error', `the body ${message}`, { field: WHOLE_BODY });
    throw new RingfenceError('validation_error', `${field} ${message}`, { field });
  }

  #nameOfField(): string {
    const { start, end } = this.#fieldName;
    // No field of a request has such a long name, so the list will never be looked up by it.
    if (end - start > LONGEST_NAME_BYTES)
      return shortened(this.bytes.toString('utf8', start + 1, start + LONGEST_NAME_BYTES));
    try {
      return shortened(String(JSON.parse(this.bytes.toString('utf8', start, end))));
    } catch {
      return '';
    }
  }
}
