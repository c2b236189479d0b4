import pc from 'picocolors';
import type { Env } from './env.ts';

/** Colours for what goes to `stream`: none unless it is a terminal that shows them, and none where NO_COLOR is set. */
export function coloursFor(
  stream: { readonly isTTY?: boolean | undefined },
  { NO_COLOR, TERM }: Env,
): ReturnType<typeof pc.createColors> {
  // An empty NO_COLOR counts as unset: https://no-color.org
  return pc.createColors(stream.isTTY === true && !NO_COLOR && TERM !== 'dumb');
}
