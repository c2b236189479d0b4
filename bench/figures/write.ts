/**
 * The figures of docs/performance.md and docs/scaling.md, from the files that the measurements wrote:
 * `npm run -s bench:figures` puts them between the pages' marks. Nobody copies a figure by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readResult } from './results.ts';
import { capacityTable, cloudTable } from './scaling.ts';
import {
  campaignsTable,
  ceilingTable,
  costTable,
  largeTable,
  peersTables,
  refillTable,
  requestsTable,
  rosterTable,
  sharesTable,
} from './tables.ts';

/** What stands under each mark. */
const FIGURES: Readonly<Record<string, () => string>> = {
  cost: () => costTable(readResult('cost'), readResult('cost-busy')),
  refill: () => refillTable(readResult('refill')),
  ceiling: () => ceilingTable(readResult('ceiling')),
  campaigns: () => campaignsTable(readResult('campaigns')),
  roster: () => rosterTable(readResult('roster')),
  large: () => largeTable(readResult('large')),
  peers: () => peersTables(readResult('peers')),
  shares: () => sharesTable(readResult('shares')),
  requests: () => requestsTable(readResult('requests')),
  capacity: () => capacityTable(readResult('cost'), readResult('cost-busy')),
  cloud: () => cloudTable(readResult('cost')),
};

export const PAGES = ['docs/performance.md', 'docs/scaling.md'];

/** The page with the figures of the result files between its marks. */
export function withFigures(page: string): string {
  const marked = /(<!-- figures: (\S+) -->\n)[^]*?(<!-- end -->)/g;
  return page.replace(marked, (_, begin: string, name: string, end: string) => {
    const figures = FIGURES[name];
    if (!figures) throw new Error(`There are no figures named ${name}.`);
    return `${begin}\n${figures()}\n\n${end}`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of PAGES.map((page) => new URL(`../../${page}`, import.meta.url))) {
    writeFileSync(path, withFigures(readFileSync(path, 'utf8')));
  }
}
