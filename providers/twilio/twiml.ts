/**
 * Whether a text can be TwiML: well-formed XML whose root is <Response>. Twilio reads it when somebody has answered, and says to that
 * person that an application error has occurred if it cannot. Instructions and their attributes are not checked.
 */

/** What stands between tags, or is no element: text, comments, CDATA and processing instructions. */
const BETWEEN = /[^<]+|<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>/y;
const TAG =
  /<(?<closes>\/)?(?<name>[A-Za-z_][\w:.-]*)(?<attributes>(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<isEmpty>\/)?>/y;
const LONE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/;

const NO_RESPONSE = 'must be TwiML: an XML document whose root is <Response>';

const NOT_CLOSED = 'must be XML: an element in it is not closed, or not in its place';

/** What is wrong with it, without any part of it, or null. Placeholders are text, inside attributes too. */
export function problemOfTwiml(text: string): string | null {
  const open: string[] = [];
  let roots = 0;
  for (let at = 0; at < text.length;) {
    const between = matchAt(BETWEEN, text, at);
    const tag = between === null ? matchAt(TAG, text, at) : null;
    const [found] = between ?? tag ?? [];
    if (found === undefined) return 'must be XML: a tag or a comment in it does not end, or < must be written &lt;';
    at += found.length;
    if (!/^<[!?]/.test(found) && LONE_AMPERSAND.test(found)) return 'must be XML: write &amp; for &';
    if (between !== null) {
      if (open.length === 0 && !found.startsWith('<') && found.trim() !== '') return NO_RESPONSE;
      continue;
    }
    const { name = '', closes, isEmpty } = tag?.groups ?? {};
    if (closes !== undefined) {
      if (open.pop() !== name) return NOT_CLOSED;
      continue;
    }
    if (open.length === 0) roots += 1;
    if (open.length === 0 && (roots > 1 || name !== 'Response')) return NO_RESPONSE;
    if (isEmpty === undefined) open.push(name);
  }
  if (open.length > 0) return NOT_CLOSED;
  return roots === 1 ? null : NO_RESPONSE;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
