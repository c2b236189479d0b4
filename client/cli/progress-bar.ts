import { Presets, SingleBar } from 'cli-progress';

export interface ProgressBar {
  update(value: number, payload?: Readonly<Record<string, string>>): void;
  /** Leaves the bar as it stands, and ends its line. */
  stop(): void;
}

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
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: null }, Presets.shades_classic);
  bar.start(total, 0, payload);
  return {
    update: (value, payload = {}) => bar.update(value, payload),
    stop: () => bar.stop(),
  };
}
