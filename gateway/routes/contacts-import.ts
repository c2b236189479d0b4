import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readContactFile } from '../../contact-files/contact-file.ts';
import { importContacts } from '../../db/contact-import.ts';
import { FairShare } from '../../db/fair-share.ts';
import { defaultFolder } from '../../db/folders.ts';
import type { Pool } from '../../db/pool.ts';
import { ImportResponse } from '../../domain/api/contact-responses.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { uuid } from '../../domain/engine/ids.ts';
import { Country } from '../../domain/contacts/phone.ts';
import { allowedByAny } from '../../domain/contacts/allowed-numbers.ts';
import { allowedTo } from '../../providers/connections/choose.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import { openUpload, acceptUploads } from '../http/contact-upload.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';
import { keepInTransaction, replayUpload } from '../http/idempotent-writes.ts';
import { validationError } from '../http/validation.ts';

/**
 * Each import holds a database connection for as long as its file takes to arrive. The other connections serve
 * everything else.
 */
const IMPORTS_AT_ONCE = 4;
const RETRY_AFTER_S = '10';

/** From the query or, before the file, from the form. */
export const ImportOptions = z.strictObject({
  folder_id: uuid('folder_id must be the id of a folder (a UUID)').optional(),
  default_country: Country.optional(),
  overwrite_existing: z.enum(['true', 'false'], 'overwrite_existing must be true or false').optional(),
});
type ImportOptions = z.infer<typeof ImportOptions>;

export interface ContactsOptions {
  readonly pool: Pool;
  readonly connections: Connections;
}

/** `POST /contacts/import`: imports all contacts of a CSV file, or none if the file cannot be read to its end. */
export const contactsImport: FastifyPluginAsyncZod<ContactsOptions> = async (app, { pool, connections }) => {
  await acceptUploads(app);
  const places = new FairShare(IMPORTS_AT_ONCE);

  app.post(
    '/contacts/import',
    {
      config: { isUpload: true },
      // The form's parser would log all headers of a request, including its key.
      logSerializers: { busboyOptions: () => undefined },
      schema: {
        summary: 'Import a CSV file of contacts',
        tags: ['contacts'],
        consumes: ['text/csv', 'multipart/form-data'],
        querystring: ImportOptions,
        response: { 200: answerOf(ImportResponse), ...refusals },
      },
    },
    async (request, reply) => {
      const giveBack = places.tryTake(request.caller.account);
      if (!giveBack) {
        void reply.header('retry-after', RETRY_AFTER_S);
        throw new RingfenceError('rate_limit_exceeded', 'Other imports are running: try again when one has finished.');
      }
      try {
        const upload = await openUpload(request);
        if (request.firstAnswer) return await replayUpload(request, reply, upload);
        const { fields, bytes, contentHash } = upload;
        const options = { ...request.query, ...readFields(fields) };
        const { account } = request.caller;
        const target = {
          account,
          folderId: options.folder_id ?? (await defaultFolder(pool, account)),
          overwriteExisting: options.overwrite_existing === 'true',
        };
        const rule = allowedByAny(allowedTo(connections, account));
        const rows = readContactFile(bytes, options.default_country ?? null, rule);
        const imported = await importContacts(pool, target, rows, (tx, data) =>
          keepInTransaction(request, reply, tx, { status: 200, data, contentHash: contentHash() }),
        );
        return answer(request, imported);
      } finally {
        giveBack();
      }
    },
  );
};

function readFields(fields: Readonly<Record<string, string>>): ImportOptions {
  const parsed = ImportOptions.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw validationError(parsed.error.issues);
}
