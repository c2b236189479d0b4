/** Holds what is known of a run against the promises. Pure: evidence in, findings out. */
import {
  calledThoughInvalid,
  calledTooEarly,
  calledTooOften,
  lostOutcomes,
  slotsHeld,
  slotsNotFreed,
} from './calls.ts';
import { contactsWithoutEnd, miscounted } from './contacts.ts';
import type { CampaignEvidence } from './evidence.ts';
import { type Finding, PROMISES, type PromiseName } from './finding.ts';
import { tooManyADay, tooManyAtOnce } from './limits.ts';
import { calledBeforeTime, calledThoughRemoved, wronglyRemoved } from './people.ts';
import { disagreeing, falseReasons, standsStill } from './progress.ts';
import { afterEnd, afterPause, calledThoughSuppressed, outsideHours } from './times.ts';

const CHECKS = [
  tooManyAtOnce,
  tooManyADay,
  outsideHours,
  calledBeforeTime,
  afterPause,
  afterEnd,
  calledThoughSuppressed,
  calledThoughRemoved,
  calledTooOften,
  calledTooEarly,
  calledThoughInvalid,
  lostOutcomes,
  slotsNotFreed,
  slotsHeld,
  contactsWithoutEnd,
  wronglyRemoved,
  miscounted,
  standsStill,
  falseReasons,
  disagreeing,
];

export function auditCampaign(evidence: CampaignEvidence): Finding[] {
  const { label } = evidence.notes;
  return CHECKS.flatMap((check) =>
    [...check(evidence)].map((finding) => ({ ...finding, text: `"${label}": ${finding.text}` })),
  );
}

export function countByPromise(findings: readonly Finding[]): Record<PromiseName, number> {
  const count = (promise: PromiseName) => findings.filter((finding) => finding.promise === promise).length;
  return Object.fromEntries(PROMISES.map((promise) => [promise, count(promise)])) as Record<PromiseName, number>;
}
