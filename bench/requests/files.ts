/** Contact files that cost most to read. They come as a stream, so their size is that of a good long look at each. */
import { numberOf } from '../contacts.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { type Attack } from './attack.ts';
import { filled } from './filled.ts';

const SIZE = 10 * 1024 * 1024;
/** A row may be a mebibyte long, and no longer. */
const ROW = 1024 * 1024 - 100;
const ROUTE = { route: 'POST /contacts/import', method: 'POST', path: `${API_ROOT}/contacts/import` };
const HEADER = 'phone_number,first_name,timezone\n';
const ROWS = 30_000;

export const FILES: readonly Attack[] = [
  csv('a header of a million columns', () => filled(SIZE, ['phone', (n) => `,c${n}`, '\n'], 1_000_000)),
  csv('a header of a mebibyte of columns', () => filled(ROW, ['phone', ',c', '\n+14155550101\n'])),
  csv('a header of a mebibyte of quoted columns', () => filled(ROW, ['"phone"', ',"c"', '\n+14155550101\n'])),
  csv('a header of a mebibyte of empty columns', () => filled(ROW, ['phone', ',', '\n+14155550101\n'])),
  csv('a header of a mebibyte in one column', () => filled(ROW, ['', 'x', ',phone\n+14155550101\n'])),
  csv('a header of a thousand long columns', () =>
    filled(ROW, ['phone', (n) => `,c${n} ${'X y'.repeat(340)}`, '\n+14155550101\n'], 999),
  ),
  csv('a header of signs that stand for many', () => filled(ROW, ['', '\ufdfa', ',phone\n+14155550101\n'])),
  csv('a header of accents', () => filled(ROW, ['a', '\u0316\u0301', ',phone\n+14155550101\n'])),
  csv('a header that never ends', () => filled(SIZE, ['phone,"', 'x', ''])),
  csv('a header of quotes', () => filled(SIZE, ['"', '"', ''])),
  csv('a file of blank lines', () => filled(SIZE, [HEADER, '\n', ''])),
  csv('a file of carriage returns', () => filled(SIZE, ['', '\r', ''])),
  csv('a file of spaces', () => filled(SIZE, [HEADER, ' ', ''])),
  csv('a file of delimiters', () => filled(SIZE, ['', ',', ''])),
  csv('rows of a million cells', () => filled(SIZE, [HEADER, `${numberOf(0)}${','.repeat(1_000_000)}\n`, ''])),
  csv('rows of hundreds of thousands of filled cells', () =>
    filled(SIZE, [HEADER, `${numberOf(0)}${',x'.repeat(ROW / 2 - 20)}\n`, '']),
  ),
  csv('rows of a thousand columns', () =>
    filled(SIZE, [`phone${','.repeat(999)}\n`, `${numberOf(0)}${','.repeat(999)}\n`, '']),
  ),
  csv('rows of one cell of a mebibyte', () => filled(SIZE, [HEADER, `${numberOf(0)},${'x'.repeat(ROW - 20)}\n`, ''])),
  csv('phone numbers of a mebibyte', () => filled(SIZE, [HEADER, `${'+1 '.repeat(ROW / 3)}\n`, ''])),
  csv('phone numbers of accents', () => filled(SIZE, [HEADER, `${'\u0316\u0301'.repeat(ROW / 4)}\n`, ''])),
  csv('a row of many cells, the last of which breaks off', () =>
    filled(ROW, [`${HEADER}${numberOf(0)}`, ',c', ',"a"b\n']),
  ),
  csv('zones of a mebibyte', () => filled(SIZE, [HEADER, `${numberOf(0)},,${'x/'.repeat(ROW / 2 - 20)}\n`, ''])),
  csv('a quote that is never closed', () => filled(SIZE, [`${HEADER}+14155550101,"`, 'x\n', ''])),
  csv('cells of doubled quotes', () => filled(SIZE, [HEADER, `+14155550101,"${'""'.repeat(ROW / 2 - 20)}",\n`, ''])),
  csv('30,000 rows of one character', () => filled(SIZE, [HEADER, 'x\n', ''], ROWS)),
  csv('30,000 rows with unknown zones', () =>
    filled(SIZE, [HEADER, (n) => `${numberOf(n)},Ann,Nowhere/Land${n}\n`, ''], ROWS),
  ),
  csv('30,000 rows with misleading zones', () =>
    filled(SIZE, [HEADER, (n) => `${numberOf(n)},Ann,Etc/GMT+${1 + (n % 12)}\n`, ''], ROWS),
  ),
  csv('30,000 rows of one person', () => filled(SIZE, [HEADER, `${numberOf(1)},Ann,UTC\n`, ''], ROWS)),
  csv('people as large as any', () => {
    const columns = Array.from({ length: 100 }, (_, n) => `c${n}`).join(',');
    const cells = `,${'x'.repeat(2_000)}`.repeat(100);
    return filled(SIZE, [`phone,${columns}\n`, (n) => `${numberOf(n)}${cells}\n`, '']);
  }),
  csv('a line of many megabytes that is no UTF-8', () =>
    Buffer.concat([Buffer.from(HEADER), Buffer.alloc(SIZE, 0xff)]),
  ),
  csv('text that ends in a NUL', () => filled(SIZE, [HEADER, '+14155550101,Ann,UTC\n', '\0'])),
  csv('UTF-16', () => Buffer.from(`\ufeff${HEADER}${`${numberOf(2)},Ann,UTC\n`.repeat(200_000)}`, 'utf16le')),
  form('a form of a million parts', () => filled(SIZE, ['', part('f', 'x'), '--b--\r\n'])),
  form('a form of a million headers', () =>
    filled(SIZE, ['--b\r\ncontent-disposition: form-data; name="f"\r\n', (n) => `x-${n}: y\r\n`, '\r\nx\r\n--b--\r\n']),
  ),
  form('a form with a header of many megabytes', () =>
    filled(SIZE, ['--b\r\ncontent-disposition: form-data; name="', 'x', '"\r\n\r\nx\r\n--b--\r\n']),
  ),
  form('a form with parameters without end', () =>
    filled(SIZE, ['--b\r\ncontent-disposition: form-data', '; name="x"', '\r\n\r\nx\r\n--b--\r\n']),
  ),
  form('a form of what is nearly its boundary', () =>
    filled(SIZE, ['--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n', '\r\n--a', '']),
  ),
  form('a form with a field of many megabytes', () =>
    filled(SIZE, ['--b\r\ncontent-disposition: form-data; name="f"\r\n\r\n', 'x', '\r\n--b--\r\n']),
  ),
  form('a form with a long preamble', () => filled(SIZE, ['', '-', ''])),
];

function csv(name: string, body: () => Buffer): Attack {
  return { ...ROUTE, name, headers: { 'content-type': 'text/csv' }, body };
}

function form(name: string, body: () => Buffer): Attack {
  return { ...ROUTE, name, headers: { 'content-type': 'multipart/form-data; boundary=b' }, body };
}

function part(name: string, value: string): string {
  return `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}
