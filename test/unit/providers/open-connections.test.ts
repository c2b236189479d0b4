import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Connection, connectionOf } from '../../../providers/connections/connection.ts';
import { OpenConnections } from '../../../providers/connections/open-connections.ts';
import { openConnections } from '../../../providers/connections/from-env.ts';
import type { CallProvider } from '../../../providers/port.ts';
import { DIAL } from '../../../domain/engine/dial-budget.ts';

interface Opened {
  readonly connection: Connection;
  readonly close: ReturnType<typeof vi.fn>;
}

function connection(name: string, changes: Partial<Connection> = {}): Opened {
  const close = vi.fn(async () => {});
  const provider = { name, close } as unknown as CallProvider;
  return { connection: { ...connectionOf(provider), ...changes }, close };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('open connections', () => {
  test('leave out one whose secret is missing, and tell which', () => {
    const locked = connection('locked', { missingSecrets: ['env:KEY'] });
    const open = new OpenConnections([connection('main').connection, locked.connection]);
    expect(open.all().map((each) => each.connection.name)).toEqual(['main']);
    expect([open.get('locked'), open.get('unheard-of')]).toEqual([null, null]);
    expect(open.closed()).toEqual([locked.connection]);
  });

  test('keep an adapter that a reload replaces until the longest dial with it is over', async () => {
    const before = connection('main');
    const after = connection('main');
    const open = new OpenConnections([before.connection]);
    open.reload([after.connection]);
    expect(open.get('main')?.connection).toBe(after.connection);
    await vi.advanceTimersByTimeAsync(DIAL.tryMs - 1);
    expect(before.close).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(before.close).toHaveBeenCalledOnce();
    expect(after.close).not.toHaveBeenCalled();
  });

  test('stay as they were if one of a reload cannot be opened', () => {
    const [main, locked] = [connection('main'), connection('locked', { missingSecrets: ['env:KEY'] })];
    const broken = connection('broken', {
      open: () => {
        throw new Error('no such region');
      },
    });
    const open = new OpenConnections([main.connection, locked.connection]);
    expect(() => open.reload([broken.connection])).toThrow('no such region');
    expect(open.get('main')?.connection).toBe(main.connection);
    expect(open.closed()).toEqual([locked.connection]);
  });

  test('close everything, replaced adapters as well', async () => {
    const all = [connection('main'), connection('main')];
    const open = new OpenConnections([all[0]!.connection]);
    open.reload([all[1]!.connection]);
    await open.close();
    for (const { close } of all) expect(close).toHaveBeenCalledOnce();
  });
});

test('an empty variable counts as omitted, and not as 0 seconds', async () => {
  const smallest = {
    TRUEDY_BASE_URL: 'https://carrier.example.com/api',
    TRUEDY_API_KEY: 'key',
    TRUEDY_WEBHOOK_SECRETS: 'whsec_secret',
  };
  const numbers = ['REQUEST_TIMEOUT', 'QUEUE_BOUND', 'MAX_DURATION', 'JOIN_TIMEOUT', 'KEY_TTL', 'LOOK_UP_AFTER'];
  const empty = Object.fromEntries([...numbers, 'LOOK_UPS_PER_MINUTE'].map((name) => [`TRUEDY_${name}`, '']));
  expect(() => openConnections(empty)).toThrow('There is no connection');
  const [omitted, open] = [openConnections(smallest), openConnections({ ...smallest, ...empty })];
  expect(open.get('truedy')!.provider.facts).toEqual(omitted.get('truedy')!.provider.facts);
  await Promise.all([omitted.close(), open.close()]);
});

test('all variables that are wrong are named at once, in words and in their own units', () => {
  const wrong = {
    TRUEDY_BASE_URL: 'http://carrier.example.com/api',
    TRUEDY_API_KEY: '',
    TRUEDY_WEBHOOK_SECRETS: 'secret',
    TRUEDY_REQUEST_TIMEOUT: '0.05',
    TRUEDY_QUEUE_BOUND: 'soon',
    TRUEDY_MAX_DURATION: '1.5',
    TRUEDY_JOIN_TIMEOUT: '-1',
    TRUEDY_COUNTRIES: 'US, Neverland',
    TRUEDY_LOOK_UPS_PER_MINUTE: '0',
  };
  const problems = [
    'TRUEDY_API_KEY is not set',
    'TRUEDY_QUEUE_BOUND: must be a number',
    'TRUEDY_JOIN_TIMEOUT: must be at least 0',
    'TRUEDY_COUNTRIES: must be a two-letter country code such as US or GB',
    'TRUEDY_LOOK_UPS_PER_MINUTE: must be at least 10',
    'TRUEDY_BASE_URL: must be an https URL: http is accepted only for a stand-in on this machine or in its container network',
    'TRUEDY_WEBHOOK_SECRETS: must start with whsec_',
    'TRUEDY_REQUEST_TIMEOUT: must be at least 0.1',
    'TRUEDY_MAX_DURATION: must be a whole number',
  ];
  expect(() => openConnections(wrong)).toThrow(`Correct the settings of the provider: ${problems.join('; ')}.`);
});
