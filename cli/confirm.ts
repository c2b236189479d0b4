import { createInterface } from 'node:readline/promises';
import { RingfenceError } from '../domain/engine/errors.ts';

/** @throws RingfenceError `bad_request` unless somebody at a terminal says yes. */
export async function confirm(question: string): Promise<void> {
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) {
    const message = 'This cannot be undone. Pass --yes to confirm.';
    throw new RingfenceError('bad_request', message, { field: '--yes' });
  }
  const terminal = createInterface({ input, output });
  // Without this, closed input (Ctrl-D) instead of an answer would be awaited forever.
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  const answer = await terminal.question(`${question} [y/N] `, { signal: closed.signal }).catch(() => '');
  terminal.close();
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new RingfenceError('bad_request', 'Nothing was changed.');
}
