import { describe, expect, it } from 'vitest';
import { assertNamesAllowed, chooseConnection } from '../../../providers/connections/choose.ts';
import type { Connection } from '../../../providers/connections/connection.ts';
import { OpenConnections } from '../../../providers/connections/open-connections.ts';
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

describe('a connection that lacks a secret here', () => {
  const connections = new OpenConnections([
    connectionWith({ name: 'complete' }),
    connectionWith({ name: 'without-secret', missingSecrets: ['env:KEY'] }),
  ]);
  const refused = (message: string) =>
    expect.objectContaining({
      code: 'validation_error',
      field: 'connection',
      message: expect.stringContaining(message),
    });

  it('does not make another one the only one of its account', () => {
    expect(() => chooseConnection(connections, 'default', null)).toThrow(
      refused('this account has several: give one of complete, without-secret'),
    );
    expect(chooseConnection(connections, 'default', 'complete').connection.name).toBe('complete');
  });

  it('cannot be chosen, and the error says why', () => {
    expect(() => chooseConnection(connections, 'default', 'without-secret')).toThrow(refused('lacks a secret here'));
  });
});
