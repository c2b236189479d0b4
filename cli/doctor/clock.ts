import { type Finding, trouble, well } from './finding.ts';

/** An instant that somebody else's clock showed between two of ours. Epoch milliseconds. */
export interface ClockReading {
  readonly askedAt: number;
  readonly theirs: number;
  readonly answeredAt: number;
}

/** Calling hours open and close by the second; beyond this a worker dials noticeably early or late. */
const BEARABLE_MS = 2_000;

/** Judges how far two clocks are apart, giving them the benefit of the time that the question took. */
export function clockFinding(whose: string, { askedAt, theirs, answeredAt }: ClockReading): Finding {
  const apart = theirs < askedAt ? theirs - askedAt : theirs > answeredAt ? theirs - answeredAt : 0;
  const facts = { of: whose, at_least_ms: Math.abs(apart), uncertain_by_ms: answeredAt - askedAt };
  const check = 'clock';
  if (Math.abs(apart) <= BEARABLE_MS) return well(check, `${whose} and this machine agree on the time`, facts);
  return trouble(
    check,
    `the clock of ${whose} is ${(Math.abs(apart) / 1000).toFixed(1)} s ${apart > 0 ? 'ahead of' : 'behind'} this machine's`,
    'Let both follow the same time servers (NTP): workers dial by their own clock.',
    facts,
  );
}
