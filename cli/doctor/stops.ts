/** The doctor's question about stops: while one is in force, calls are held on purpose, and somebody must end it. */
import type { Stop } from '../../db/stops.ts';
import { optionFor } from '../stop/selector.ts';
import { type Finding, trouble, well } from './finding.ts';

export function stopsFinding(stops: readonly Stop[]): Finding {
  const check = 'stops';
  if (stops.length === 0) return well(check, 'no calls are stopped');
  const found = stops.map(({ scope, since, stopped_by: by, reason }) => {
    const why = reason === null ? '' : ` (${reason})`;
    return `${optionFor(scope)} since ${since} by ${by}${why}`;
  });
  const advice = `End it with ${stops.map(({ scope }) => `"ringfence start ${optionFor(scope)}"`).join(' and ')}.`;
  return trouble(check, `calls are stopped: ${found.join('; ')}`, advice, { stops });
}
