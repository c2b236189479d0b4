import { describe, expect, it } from 'vitest';
import { assertNamesAllowed } from '../../../providers/connections/choose.ts';
import type { Connection } from '../../../providers/connections/connection.ts';
import { connectionWith } from '../../support/factories/connections.ts';

const terms = (changes: Partial<Connection> = {}): Connection =>
  connectionWith({
    name: 'clinic',
    agents: ['agent-1', 'agent-2'],
    callerNumbers: ['+14155550100', '+14155550101'],
    ...changes,
  });

describe('a campaign', () => {
  const named = { agent_id: 'agent-1', phone_number_ids: ['+14155550101'] };

  it.each([
    ['an allowed agent and caller number', {}, {}],
    ['any agent and caller number where none is listed', { agents: null, callerNumbers: null }, { agent_id: 'other' }],
    ['no caller number, and no agent yet', {}, { agent_id: null, phone_number_ids: [] }],
  ])('may name %s', (_what, allowed, changes) => {
    expect(() => assertNamesAllowed(terms(allowed), { ...named, ...changes })).not.toThrow();
  });

  it.each([
    ['agent_id', { agent_id: 'agent-9' }, 'agent-1, agent-2'],
    ['phone_number_ids[1]', { phone_number_ids: ['+14155550101', 'pn-9'] }, '+14155550100, +14155550101'],
  ])('may not name any other %s, and is told the allowed ones', (field, changes, allowed) => {
    expect(() => assertNamesAllowed(terms(), { ...named, ...changes })).toThrow(
      expect.objectContaining({
        code: 'validation_error',
        field,
        message: expect.stringContaining('of the connection clinic: give one of details.allowed'),
        details: { connection: 'clinic', allowed: allowed.split(', ') },
      }),
    );
  });
});
