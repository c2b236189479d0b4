import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { progressBar } from '../../../cli/progress-bar.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is written to standard error, which is a terminal or not. */
function screen(isTTY: boolean): { shown: string } {
  const seen = { shown: '' };
  const write = (chunk: Buffer, _: unknown, done: () => void) => {
    seen.shown += chunk.toString();
    done();
  };
  const stderr = Object.assign(new Writable({ write }), { isTTY, columns: 80 });
  vi.spyOn(process, 'stderr', 'get').mockReturnValue(stderr as unknown as typeof process.stderr);
  return seen;
}

const NO_WRAP = '\u001B[?7l';
const WRAP = '\u001B[?7h';

describe('a progress bar', () => {
  it('is shown on a terminal, and nowhere else', () => {
    for (const isTTY of [true, false]) {
      const seen = screen(isTTY);
      const bar = progressBar('{bar} {value} of {total} {unit}', 8, { unit: 'numbers' });
      bar.update(8);
      bar.stop();
      expect(seen.shown.includes('█ 8 of 8 numbers')).toBe(isTTY);
      if (!isTTY) expect(seen.shown).toBe('');
    }
  });

  it('gives the terminal back as it was, also when it is broken off', () => {
    const seen = screen(true);
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    const before = process.listeners('SIGINT');
    progressBar('{bar}', 8);
    expect(seen.shown).toContain(NO_WRAP);
    expect(seen.shown).not.toContain(WRAP);
    const [breakOff] = process.listeners('SIGINT').filter((listener) => !before.includes(listener));
    breakOff!('SIGINT');
    expect(seen.shown).toContain(WRAP);
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGINT');
    expect(process.listeners('SIGINT')).toEqual(before);
  });
});
