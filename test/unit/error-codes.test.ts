/** The table of error codes holds every code that is thrown, and decides every status. */
import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, EXIT } from '../../cli/exit-codes.ts';
import { ERROR_CODES, type ErrorCode } from '../../domain/engine/error-codes.ts';
import { REFUSALS } from '../../gateway/openapi/refusals.ts';
import { filesBelow, PRODUCT, ROOT } from '../support/probes/sources.ts';

interface Thrown {
  readonly where: string;
  readonly code: string;
  readonly namesField: boolean;
}

const sources = PRODUCT.flatMap((folder) => filesBelow(folder)).map((file) => ({
  file,
  text: readFileSync(`${ROOT}/${file}`, 'utf8'),
}));

/** What stands between the parenthesis that opens at `start` and the one that closes it. */
function argumentsAt(text: string, start: number): string {
  let depth = 1;
  let end = start;
  while (depth > 0) {
    const character = text[end++]!;
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
  }
  return text.slice(start, end - 1);
}

/** Every error that is made with a code that stands in the source. */
const thrown: readonly Thrown[] = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/new RingfenceError\(/g)].flatMap((match) => {
    const written = argumentsAt(text, match.index + match[0].length);
    const [first = ''] = written.split(',');
    const namesField = /\bfield\b|\bfieldOf\b/.test(written.slice(first.length));
    const where = `${file}:${text.slice(0, match.index).split('\n').length}`;
    return [...first.matchAll(/'(?<code>[a-z_]+)'/g)].map(({ groups }) => ({ where, code: groups!.code!, namesField }));
  }),
);
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe('the table of error codes', () => {
  it('has every code that is thrown, and no other', () => {
    expect([...new Set(thrown.map(({ code }) => code))].toSorted()).toEqual(codes.toSorted());
  });

  it('has every code with which an activity or a handler fails', () => {
    const types = sources.flatMap(({ text }) => [
      ...[...text.matchAll(/ApplicationFailure\.nonRetryable\(/g)].map(
        (match) => /'(?<code>[a-z_]+)',?\s*$/.exec(argumentsAt(text, match.index + match[0].length))?.groups?.code,
      ),
      ...[...text.matchAll(/\btype: '(?<code>[a-z_]+)', message/g)].map(({ groups }) => groups?.code),
    ]);
    expect(types).not.toEqual([]);
    expect(types.filter((type) => !codes.includes(type as ErrorCode))).toEqual([]);
  });

  it('says of each whether it names the input at fault', () => {
    const wrong = thrown.filter(({ code, namesField }) => {
      const { field } = ERROR_CODES[code as ErrorCode];
      return (field === 'always' && !namesField) || (field === 'never' && namesField);
    });
    expect(wrong).toEqual([]);
  });

  it.each(codes)('is what docs/api.md and docs/cli.md say of %s', (code) => {
    const { status, meaning } = ERROR_CODES[code];
    const row = readFileSync(`${ROOT}/docs/api.md`, 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`| \`${code}\` |`));
    expect(row).toContain(`| ${status ?? 'none'} | ${meaning} |`);
    const exits = readFileSync(`${ROOT}/docs/cli.md`, 'utf8').split('\n## Exit codes\n')[1]!;
    const line = exits.split('\n').find((text) => text.startsWith(`| ${exitCodeOf({ code })} |`));
    expect(line).toContain(`\`${code}\``);
  });
});

describe('a status', () => {
  it('is decided by the table alone', () => {
    const decided = sources
      .filter(({ file }) => file.startsWith('gateway/') && !file.startsWith('gateway/openapi/'))
      .flatMap(({ file, text }) => {
        const code = text.replaceAll(/\/\*[^]*?\*\/|\/\/.*$|'(?:[^'\\\n]|\\.)*'/gm, '');
        // A length is no status.
        const numbers = code.matchAll(/(?<![\w.]|LONGEST_\w+ = )[45]\d\d(?![\w.])/g);
        return [...numbers].filter(([number]) => number in STATUS_CODES).map(([status]) => `${file}: ${status}`);
      });
    expect(decided).toEqual([]);
  });

  it('is described for every code of the gateway, with an example whose code has it', () => {
    const statuses = codes.map((code) => ERROR_CODES[code].status).filter((status) => status !== null);
    expect(statuses.filter((status) => !(status in REFUSALS))).toEqual([]);
    for (const [status, { example }] of Object.entries(REFUSALS)) {
      const terms: { status: number | null; narrower?: Readonly<Record<string, number>> } = ERROR_CODES[example.code];
      expect([terms.status, ...Object.values(terms.narrower ?? {})]).toContain(Number(status));
    }
  });
});

describe('an exit code', () => {
  it.each(codes)('says "try again" exactly where a repeat of the same can succeed: %s', (code) => {
    const repeats = ERROR_CODES[code].repeat === 'later' && code !== 'internal';
    expect(exitCodeOf({ code }) === EXIT.unreachable).toBe(repeats);
  });

  it.each<ErrorCode>(['wrong_state', 'campaign_over', 'contact_in_call', 'contact_over'])(
    'is the same for whatever the present status forbids: %s',
    (code) => {
      expect(exitCodeOf({ code })).toBe(EXIT.wrongState);
    },
  );

  it('is that of a refusal for a code that only a newer gateway knows', () => {
    expect(exitCodeOf({ code: 'of_a_later_version' as ErrorCode })).toBe(EXIT.refused);
  });
});
