import { Connection } from '@temporalio/client';
import { afterAll, expect, inject, test } from 'vitest';
import { createTestDatabase } from '../support/harness/database.ts';
import { watchForLeaks } from '../support/probes/leaks.ts';

afterAll(watchForLeaks());

test('the Temporal server given to tests knows the search attributes of campaigns', async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    expect(Object.keys(customAttributes ?? {})).toEqual(
      expect.arrayContaining(['CampaignStatus', 'CampaignName', 'AgentId', 'WaitingFor']),
    );
  } finally {
    await connection.close();
  }
});

test('each test database is migrated, empty and its own', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  try {
    expect(one.url).not.toBe(other.url);
    await one.pool.query(`insert into contact_folders (account, name) values ('a', 'b')`);
    const count = 'select count(*)::int as n from contact_folders';
    expect((await one.pool.query(count)).rows).toEqual([{ n: 1 }]);
    expect((await other.pool.query(count)).rows).toEqual([{ n: 0 }]);
  } finally {
    await Promise.all([one.drop(), other.drop()]);
  }
});
