const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

interface Stretch {
  readonly start: number;
  readonly line: number;
  readonly bytes: Buffer;
}

/**
 * Finds the line of an offset in a streamed text. Only the part that may still be asked about is kept. Lines end with
 * LF, CR LF or CR.
 */
export class LineIndex {
  #kept: Stretch[] = [];
  #end = 0;
  #line = 1;
  /** The part ends with a CR. The next byte shows whether it is a line break by itself. */
  #openCr = false;

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#openCr && bytes[0] !== LF) this.#line += 1;
    this.#kept.push({ start: this.#end, line: this.#line, bytes });
    this.#end += bytes.length;
    this.#line += lineBreaks(bytes);
    this.#openCr = bytes.at(-1) === CR;
  }

  /** Forgets everything before `offset`, which will not be asked about any more. */
  forgetBefore(offset: number): void {
    const first = this.#kept.findIndex(({ start, bytes }) => start + bytes.length > offset);
    if (first > 0) this.#kept.splice(0, first);
  }

  /** The line of the first quotation mark at or after `offset`; the last line if there is none. */
  lineOfQuoteFrom(offset: number): number {
    for (const { start, line, bytes } of this.#kept) {
      const at = start + bytes.length <= offset ? -1 : bytes.indexOf(QUOTE, Math.max(0, offset - start));
      if (at !== -1) return line + lineBreaks(bytes.subarray(0, at));
    }
    return this.#line;
  }

  /** The line on which the text added so far ends. */
  get lastLine(): number {
    return this.#line;
  }
}

function lineBreaks(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) count += 1;
  for (let at = bytes.indexOf(CR); at !== -1 && at + 1 < bytes.length; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] !== LF) count += 1;
  }
  return count;
}
