import { describe, expect, it } from 'vitest';
import {
  type CheckedCampaign,
  isInterrupted,
  isWrongTemporal,
  judge,
  type Verdict,
  type WorkflowStatus,
} from '../../../domain/api/interruption.ts';

const runs: CheckedCampaign = { status: 'active', startedAgoMs: 3_600_000, missedAgoMs: null, contactsLeft: 5 };
const closed = (as: 'completed' | 'cancelled' | 'terminated' | 'failed' | 'timed_out', code: string | null = null) =>
  ({ kind: 'closed', as, code }) as const;
const gone = { kind: 'not_found' } as const;
const running = { kind: 'running' } as const;
const interrupted = (reason: string, code: string | null = null) => ({ kind: 'interrupted', reason, code });

describe('what follows from how a workflow stands', () => {
  it.each<[string, Partial<CheckedCampaign>, WorkflowStatus, Verdict | object]>([
    ['it runs', {}, running, { kind: 'well' }],
    ['it was missed and runs', { missedAgoMs: 31_000 }, running, { kind: 'well' }],
    ['it was interrupted and runs', { status: 'interrupted' }, running, { kind: 'well' }],
    ['it was terminated', {}, closed('terminated'), interrupted('terminated')],
    ['a paused one was terminated', { status: 'paused' }, closed('terminated'), interrupted('terminated')],
    [
      'it was terminated a moment after it started',
      { startedAgoMs: 10 },
      closed('terminated'),
      interrupted('terminated'),
    ],
    ['it failed', {}, closed('failed', 'not_found'), interrupted('failed', 'not_found')],
    ['it ran into a time-out', {}, closed('timed_out'), interrupted('timed_out')],
    ['it completed, and contacts are left', {}, closed('completed'), interrupted('completed')],
    ['it completed, and none is left', { contactsLeft: 0 }, closed('completed'), { kind: 'over', status: 'completed' }],
    [
      'it was cancelled, and none is left',
      { contactsLeft: 0 },
      closed('cancelled'),
      { kind: 'over', status: 'cancelled' },
    ],
    ['it was terminated, and none is left', { contactsLeft: 0 }, closed('terminated'), interrupted('terminated')],
    ['it is not found', {}, gone, { kind: 'missed' }],
    ['it is not found, and started a moment ago', { startedAgoMs: 59_999 }, gone, { kind: 'wait' }],
    ['it is not found again at once', { missedAgoMs: 29_999 }, gone, { kind: 'wait' }],
    ['it is not found again after half a minute', { missedAgoMs: 30_000 }, gone, { kind: 'missing' }],
    ['it was interrupted and is not found', { status: 'interrupted' }, gone, { kind: 'wait' }],
    ['it was interrupted and is closed', { status: 'interrupted' }, closed('terminated'), { kind: 'wait' }],
  ])('%s', (_, campaign, standing, verdict) => {
    expect(judge({ ...runs, ...campaign }, standing)).toEqual(verdict);
  });
});

describe('a wrong or emptied Temporal', () => {
  it.each([
    [0, 0, false],
    [4, 4, false],
    [5, 2, false],
    [5, 3, true],
    [6, 3, false],
    [6, 4, true],
    [10_000, 5_000, false],
    [10_000, 5_001, true],
  ])('of %i compared %i are missing: %s', (compared, missing, wrong) => {
    expect(isWrongTemporal({ compared, missing })).toBe(wrong);
  });
});

describe('the refusal of an interrupted campaign', () => {
  it('says why and names the ways out', () => {
    const { code, message } = isInterrupted('ID', { reason: 'failed', code: 'not_found' });
    expect(code).toBe('wrong_state');
    expect(message).toMatch(/its workflow failed with not_found\. Restart it with POST .*ID\/restart .*or cancel it/);
  });

  it('does not offer a restart that would call people again', () => {
    const { message } = isInterrupted('ID', { reason: 'completed', code: null });
    expect(message).not.toContain('estart');
    expect(message).toContain('Cancel it with POST');
  });
});
