/** Every query that the operations manual gives for Temporal's Web UI, asked of a server. */
import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { section, tableRows, unquoted } from '../support/probes/markdown.ts';

const OPERATIONS = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

describe('queries of the Web UI', () => {
  let client: Client;
  beforeAll(async () => {
    client = await connectTemporal({ env: { TEMPORAL_ADDRESS: inject('temporalAddress') } });
  });
  afterAll(() => client.connection.close());

  it.each(tableRows(section(OPERATIONS, 'Web UI')).map(([view, query]) => [view!, unquoted(query!)]))(
    '%s: %s',
    async (_, query) => {
      expect(await client.workflow.count(query)).toHaveProperty('count');
    },
  );
});
