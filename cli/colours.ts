import pc from 'picocolors';

/** Colours for what goes to `stream`: none unless it is a terminal that shows them, and none where NO_COLOR is set. */
export function coloursFor(stream: { readonly isTTY?: boolean | undefined }): ReturnType<typeof pc.createColors> {
  const { NO_COLOR, TERM } = process.env;
  // An empty NO_COLOR counts as unset: https://no-color.org
  return pc.createColors(stream.isTTY === true && !NO_COLOR && TERM !== 'dumb');
}
