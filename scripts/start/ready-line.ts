import { open, stat } from 'node:fs/promises';

export type ReadyLine = Readonly<Record<string, unknown>>;

/** Where the next line of a log will begin; 0 when there is no log yet. */
export async function endOf(logFile: string): Promise<number> {
  return stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
}

/**
 * The line of JSON by which one of our processes tells that it is ready, and where.
 *
 * @param from where in the log the process began to write.
 * @throws Error while it is not there.
 */
export async function findReadyLine(logFile: string, from: number): Promise<ReadyLine> {
  const file = await open(logFile);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(0, size - from));
    await file.read(buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8').split('\n').map(parse);
    const line = lines.find((value) => value?.ready === true);
    if (line) return line;
    throw new Error('it has not said that it is ready');
  } finally {
    await file.close();
  }
}

/** The last line may be half written, and not every line need be one of JSON. */
function parse(text: string): ReadyLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as ReadyLine | null) : null;
  } catch {
    return null;
  }
}
