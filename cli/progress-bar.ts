import { Presets, SingleBar } from 'cli-progress';
import { plain } from './terminal.ts';

export interface ProgressBar {
  update(value: number, payload?: Readonly<Record<string, string>>): void;
  /** Leaves the bar as it stands, and ends its line. */
  stop(): void;
}

/** Leaves room for words on a terminal of eighty columns. */
const BAR_COLUMNS = 24;
const ENDING = ['SIGINT', 'SIGTERM'] as const;

/**
 * A bar on standard error, so that results can be piped on; nothing at all where that is no terminal. `format` is that of
 * cli-progress.
 */
export function progressBar(
  format: string,
  total: number,
  payload: Readonly<Record<string, string>> = {},
): ProgressBar {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({ format, stream: process.stderr, barsize: BAR_COLUMNS }, Presets.shades_classic);
  const stop = () => {
    for (const signal of ENDING) process.off(signal, endBy);
    bar.stop();
  };
  // The terminal does not wrap lines while there is a bar, and must be given back as it was also after Ctrl-C.
  const endBy = (signal: NodeJS.Signals) => {
    stop();
    process.kill(process.pid, signal);
  };
  for (const signal of ENDING) process.on(signal, endBy);
  bar.start(total, 0, plainValues(payload));
  return { update: (value, payload = {}) => bar.update(value, plainValues(payload)), stop };
}

function plainValues(payload: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, plain(value)]));
}
