/**
 * The one place where text goes to the terminal. Names, reasons, errors and files are written by others. What a terminal
 * would obey instead of showing (escape sequences, line breaks, a change of the writing direction) is shown as a sign.
 */
import { inspect } from 'node:util';

/** One line of text, or one that begins with a coloured mark of ours. */
export type Line = string | { readonly mark: string; readonly text: string };

/** Control characters, invisible format characters, line and paragraph separators, halves of characters. */
const NOT_SHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Joiners are format characters that several scripts, and emoji, cannot be written without. */
const JOINERS = new Set(['\u200c', '\u200d']);
/** Where Unicode's pictures of control characters begin: ␀, ␁ and so on to ␟. */
const PICTURES = 0x24_00;
const DELETE = 0x7f;

export function printText(lines: readonly Line[]): void {
  console.log(lines.map(shown).join('\n'));
}

/** The same value as JSON, on one line. Characters that a terminal would obey are written as `\u009b`. */
export function printJson(value: unknown): void {
  const json = JSON.stringify(value);
  console.log(json.replace(NOT_SHOWN, (character) => (JOINERS.has(character) ? character : escaped(character))));
}

/** One line to standard error, beside the results. */
export function printNote(text: string): void {
  console.error(plain(text));
}

/** To standard error: `message` after a coloured `mark`, and an unexpected error with its stack. */
export function printError(mark: string, message: unknown): void {
  const [first = '', ...rest] = typeof message === 'string' ? [message] : inspect(message).split('\n');
  console.error([{ mark: `${mark} `, text: first }, ...rest].map(shown).join('\n'));
}

/** A text of others on one line, with signs for what cannot be shown. */
export function plain(text: string): string {
  return text.replace(NOT_SHOWN, (character) => (JOINERS.has(character) ? character : sign(character)));
}

function shown(line: Line): string {
  return typeof line === 'string' ? plain(line) : line.mark + plain(line.text);
}

function sign(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(PICTURES + code);
  return code === DELETE ? '␡' : '\u{fffd}';
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    .join('');
}
