/** Descriptions of activities on the Web UI's timeline. */
import { counted } from './counted.ts';

export function lookUpSummary(calls: number): string {
  return `Look up ${counted(calls, 'call')}`;
}

/** @param want contacts that may be claimed */
export function exchangeSummary(settled: number, want: number): string {
  const calls = settled === 1 ? 'one call' : counted(settled, 'call');
  const contacts = want === 1 ? 'one contact' : `up to ${counted(want, 'contact')}`;
  if (settled === 0) return want === 0 ? 'Write down how it stands' : `Claim ${contacts}`;
  return want === 0 ? `Settle ${calls}` : `Settle ${calls}, claim ${contacts}`;
}

export function shareReportSummary({ need, inFlight }: { readonly need: number; readonly inFlight: number }): string {
  return `Report to the coordinator: ${counted(need, 'slot')} needed, ${inFlight} in use`;
}
