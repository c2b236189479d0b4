/** Responses about contacts, folders and imports. Instants are ISO 8601 in UTC. */
import { z } from 'zod';
import { Uuid } from '../engine/ids.ts';

const count = z.int().min(0);
const instant = z.iso.datetime();

export const FolderResponse = z.object({ id: Uuid, name: z.string(), created_at: instant });
export type FolderResponse = z.infer<typeof FolderResponse>;

export const ContactResponse = z.object({
  id: Uuid,
  folder_id: Uuid,
  phone_number: z.string(),
  extension: z.string().nullable(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  email: z.string().nullable(),
  timezone: z.string().nullable(),
  region: z.string().nullable(),
  priority: z.int().nullable(),
  not_before: instant.nullable(),
  custom_fields: z.record(z.string(), z.string()),
  created_at: instant,
  updated_at: instant,
});
export type ContactResponse = z.infer<typeof ContactResponse>;

/** Exactly one of the four numbers counts each row of the file. */
export const ImportResponse = z.object({
  imported: count,
  updated: count,
  /** Rows of contacts that occur earlier in the file, or are in the folder already. */
  skipped: count,
  errors: count,
  /** The first errors. `phone` is the field of the file, shortened if it is very long. */
  error_details: z.array(
    z.object({
      row: z.int().min(2),
      phone: z.string(),
      reason: z.string(),
      advice: z.string().optional().describe('What to write instead, if the reason does not say it.'),
    }),
  ),
  /** The number of errors that are counted but not listed; absent if there are none. */
  error_details_omitted: count.optional(),
});
export type ImportResponse = z.infer<typeof ImportResponse>;
