/** The files in bench/results, as the measurements wrote them. */
import { readFileSync } from 'node:fs';
import type { CampaignsReport } from '../campaigns.ts';
import type { CeilingReport } from '../ceiling.ts';
import type { CostReport } from '../cost.ts';
import type { LargeReport } from '../large.ts';
import type { PeersReport } from '../peers/measure.ts';
import type { RefillReport } from '../refill.ts';
import type { RequestsReport } from '../requests.ts';
import type { RosterReport } from '../roster.ts';
import type { SharesReport } from '../shares.ts';

export interface Results {
  /** At a few calls a second. */
  readonly cost: CostReport;
  /** At as many calls a second as one machine carries. */
  readonly 'cost-busy': CostReport;
  readonly refill: RefillReport;
  readonly ceiling: CeilingReport;
  readonly campaigns: CampaignsReport;
  readonly roster: RosterReport;
  readonly large: LargeReport;
  readonly peers: PeersReport;
  readonly requests: RequestsReport;
  readonly shares: SharesReport;
}

export interface Circumstances {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
}

export function readResult<N extends keyof Results>(name: N): Results[N] & Circumstances {
  return JSON.parse(readFileSync(new URL(`../results/${name}.json`, import.meta.url), 'utf8')) as Results[N] &
    Circumstances;
}
