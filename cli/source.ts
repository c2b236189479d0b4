import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { RingfenceError } from '../domain/engine/errors.ts';

const ARGUMENT = 'file';

export interface Source {
  /** Reads it from its beginning. A source without a size can be read once. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** In bytes; null where it is not known before the end, as for a pipe. */
  readonly size: number | null;
}

/**
 * A file, or standard input for `-`.
 * @param given the option or argument that names it, for an error
 * @throws RingfenceError `bad_request` when it cannot be opened; what `open` gives throws it when it cannot be read on.
 */
export async function openSource(file: string, given = ARGUMENT): Promise<Source> {
  if (file === '-') return { open: () => readable(process.stdin, given), size: null };
  try {
    const facts = await stat(file);
    return { open: () => readable(createReadStream(file), given), size: facts.isFile() ? facts.size : null };
  } catch (error) {
    throw unreadable(error, given);
  }
}

/** @throws RingfenceError `bad_request` */
export async function readText(file: string, given = ARGUMENT): Promise<string> {
  const { open } = await openSource(file, given);
  return text(open());
}

/** @throws RingfenceError `bad_request` */
export async function readJson(file: string, given = ARGUMENT): Promise<unknown> {
  const source = await readText(file, given);
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    // The parser's own message quotes a piece of the file, and with it of somebody's data.
    const message = 'The file is not JSON: check its quotes, commas and brackets.';
    throw new RingfenceError('bad_request', message, { field: given, cause: error });
  }
}

async function* readable(source: AsyncIterable<Uint8Array>, given: string): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    throw unreadable(error, given);
  }
}

function unreadable(error: unknown, given: string): RingfenceError {
  const reason = error instanceof Error ? error.message : String(error);
  return new RingfenceError('bad_request', `The file cannot be read: ${reason}.`, { field: given, cause: error });
}
