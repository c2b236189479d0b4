import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { listContacts, putContact } from '../../db/contacts.ts';
import { createFolder, deleteFolder, listFolders } from '../../db/folders.ts';
import { inTransaction } from '../../db/pool.ts';
import { ContactResponse, FolderResponse } from '../../domain/api/contact-responses.ts';
import { allowedByAny } from '../../domain/contacts/allowed-numbers.ts';
import { allowedTo } from '../../providers/connections/choose.ts';
import { ContactInput, contactFrom, isStorable } from '../../domain/contacts/contact.ts';
import { Uuid, uuid } from '../../domain/engine/ids.ts';
import { Country } from '../../domain/contacts/phone.ts';
import '../http/auth.ts';
import type { ContactBodies } from './campaigns-routes.ts';
import { contactsImport, type ContactsOptions } from './contacts-import.ts';
import { BODY_LIMITS } from '../http/body-limits.ts';
import { answer, answerOf, largeList, list, listOf, refusals } from '../http/envelope.ts';
import { keepInTransaction } from '../http/idempotent-writes.ts';
import { pageShape, readPage, Seq } from '../http/page.ts';

const Page = z.strictObject(pageShape);
const FOLDER_ID = 'folder_id must be the id of a folder (a UUID)';
const NAME = 'name must be 1 to 255 characters';
const FolderPlace = z.string().refine(isStorable);

/** Contacts and folders of an account. Paths are relative to the API's prefix. */
export const contactsRoutes: FastifyPluginAsyncZod<ContactBodies & ContactsOptions> = async (
  app,
  { pool, connections, bodyLimit },
) => {
  await app.register(contactsImport, { pool, connections });

  app.get(
    '/contacts',
    {
      config: { hasLargeResponse: true },
      schema: {
        summary: 'List contacts',
        tags: ['contacts'],
        querystring: Page.extend({ folder_id: uuid(FOLDER_ID).optional() }),
        response: { 200: listOf(ContactResponse), ...refusals },
      },
    },
    async (request, reply) => {
      const { folder_id, ...query } = request.query;
      const { account } = request.caller;
      const asked = readPage(['contacts', account, folder_id], query, Seq);
      const found = await listContacts(pool, account, folder_id ?? null, asked.page);
      return largeList({ request, reply, schema: ContactResponse }, asked, found);
    },
  );

  app.post(
    '/contacts',
    {
      bodyLimit: Math.min(bodyLimit, BODY_LIMITS.oneContact),
      schema: {
        summary: 'Add or update a contact',
        tags: ['contacts'],
        body: ContactInput.extend({
          phone_number: ContactInput.shape.phone_number.describe(
            'The number, in international form unless default_country is set.',
          ),
          folder_id: uuid(FOLDER_ID)
            .nullish()
            .describe('Default: the folder named `default`, which is created on first use.'),
          default_country: Country.nullish().describe(
            'Two-letter code of the country for numbers without an international prefix.',
          ),
        }),
        response: { 200: answerOf(ContactResponse), 201: answerOf(ContactResponse), ...refusals },
      },
    },
    async (request, reply) => {
      const { folder_id, default_country, ...input } = request.body;
      const { account } = request.caller;
      const stated = contactFrom(input, default_country ?? null, '', allowedByAny(allowedTo(connections, account)));
      const statusOf = (created: boolean) => (created ? 201 : 200);
      const { contact, created } = await putContact(pool, account, folder_id ?? null, stated, (tx, put) =>
        keepInTransaction(request, reply, tx, { status: statusOf(put.created), data: put.contact }),
      );
      return reply.code(statusOf(created)).send(answer(request, contact));
    },
  );

  app.get(
    '/contacts/folders',
    {
      schema: {
        summary: 'List contact folders by name',
        tags: ['contacts'],
        querystring: Page,
        response: { 200: listOf(FolderResponse), ...refusals },
      },
    },
    async (request) => {
      const { account } = request.caller;
      const asked = readPage(['folders', account], request.query, FolderPlace);
      return list(request, asked, await listFolders(pool, account, asked.page));
    },
  );

  app.post(
    '/contacts/folders',
    {
      schema: {
        summary: 'Create a contact folder',
        tags: ['contacts'],
        body: z.strictObject({ name: z.string(NAME).trim().min(1, NAME).max(255, NAME).refine(isStorable, NAME) }),
        response: { 201: answerOf(FolderResponse), ...refusals },
      },
    },
    async (request, reply) => {
      const folder = await inTransaction(pool, async (tx) => {
        const data = await createFolder(tx, request.caller.account, request.body.name);
        await keepInTransaction(request, reply, tx, { status: 201, data });
        return data;
      });
      return reply.code(201).send(answer(request, folder));
    },
  );

  app.delete(
    '/contacts/folders/:id',
    {
      schema: {
        summary: 'Delete a folder with its contacts',
        tags: ['contacts'],
        params: z.strictObject({ id: Uuid }),
        response: { 200: answerOf(z.object({ id: Uuid, deleted: z.literal(true) })), ...refusals },
      },
    },
    async (request, reply) => {
      const data = { id: request.params.id, deleted: true as const };
      await deleteFolder(pool, request.caller.account, data.id, (tx) =>
        keepInTransaction(request, reply, tx, { status: 200, data }),
      );
      return answer(request, data);
    },
  );
};
