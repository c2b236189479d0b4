/** What a start shows: one campaign that is open now, and one that keeps the office hours of New York. */
import { readFile } from 'node:fs/promises';
import { counted } from '../../domain/engine/counted.ts';
import type { Ringfence } from '../../client/index.ts';
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';

export interface ImportedFolder {
  readonly folderId: string;
  readonly told: string;
}

const CONTACTS = new URL('../../examples/contacts.csv', import.meta.url);
const IMPORT_TIMEOUT_MS = 60_000;

/** Imports the example's contacts into a new folder. */
export async function importExample({ folders, contacts }: Ringfence): Promise<ImportedFolder> {
  const folder = await folders.create({ name: `examples/contacts.csv, ${new Date().toISOString()}` });
  const { imported, skipped, errors, error_details } = await contacts.import(
    await readFile(CONTACTS),
    { folder_id: folder.id, default_country: 'US' },
    { timeoutMs: IMPORT_TIMEOUT_MS },
  );
  return {
    folderId: folder.id,
    told: importedInWords({ imported, skipped, errors, rows: error_details.map(({ row }) => row) }),
  };
}

/** The rows and not the numbers: what is said here may end in somebody's log. */
export function importedInWords({ imported, skipped, errors, rows }: Imported): string {
  const refused = errors === 0 ? '' : ` (${errors === 1 ? 'row' : 'rows'} ${rows.join(', ')})`;
  return `${counted(imported, 'contact')} imported, ${skipped} repeated, ${errors} refused${refused}`;
}

interface Imported {
  readonly imported: number;
  readonly skipped: number;
  readonly errors: number;
  readonly rows: readonly number[];
}

/** Open at any time, so that there is something to see. */
export function openCampaign(folderId: string): CreateCampaignInput {
  return {
    name: 'Open now',
    agent_id: 'demo-agent',
    contact_source: 'folder',
    contact_folder_id: folderId,
    working_days: [1, 2, 3, 4, 5, 6, 7],
    max_concurrent_calls: 20,
    // Beyond what two calls to everybody come to: it counts here, and holds nobody up.
    max_calls_per_day: 1000,
    retry_failed: true,
    max_retry_attempts: 1,
    // Three seconds; a real campaign would wait for hours.
    retry_delay_minutes: 0.05,
  };
}

/** The example of the public documentation. It sleeps outside its hours, and calls at this moment if they are now. */
export function officeHoursCampaign(folderId: string): CreateCampaignInput {
  return {
    name: 'Scaling Test Campaign',
    agent_id: '1f4baf16-1540-4d91-9696-7f34b2f2cb77',
    contact_source: 'folder',
    contact_folder_id: folderId,
    schedule_type: 'scheduled',
    scheduled_at: '2026-03-20T14:30:00Z',
    timezone: 'America/New_York',
    start_time: '10:00',
    end_time: '17:00',
    working_days: [1, 2, 3, 4, 5],
    max_concurrent_calls: 8,
    max_calls_per_day: 120,
  };
}
