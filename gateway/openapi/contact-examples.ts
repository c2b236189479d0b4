import { z } from 'zod';
import type { ImportResponse } from '../../domain/api/contact-responses.ts';
import type { ContactInput } from '../../domain/contacts/contact.ts';
import type { SuppressionInput } from '../../domain/api/suppressions.ts';
import { ImportOptions } from '../routes/contacts-import.ts';
import { type Described, exampleList, exampleOf } from './described.ts';
import { CONTACT, FOLDER, FOLDER_ID } from './example-values.ts';

const PERSON: z.input<typeof ContactInput> & { folder_id: string } = {
  folder_id: FOLDER_ID,
  phone_number: '+1 (212) 555-0101',
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@example.com',
  timezone: 'America/New_York',
  custom_fields: { appointment: 'Monday at ten' },
};

const CSV = `phone_number,first_name,appointment
(212) 555-0101,Ada,Monday at ten
(212) 555-0102,Grace,Monday at eleven
555,Nobody,
`;

const IMPORTED: ImportResponse = {
  imported: 1,
  updated: 0,
  skipped: 1,
  errors: 1,
  error_details: [{ row: 4, phone: '555', reason: 'invalid_phone' }],
};

const SUPPRESSION: z.input<typeof SuppressionInput> = { phone_number: '+12125550103', reason: 'asked on the phone' };
const SUPPRESSED = { ...SUPPRESSION, created_at: '2026-03-18T14:30:00.000Z' };

const FILE = {
  type: 'string',
  contentMediaType: 'text/csv',
  description: 'The file. It must be the last part of the form.',
};
const { $schema: _dialect, ...options } = z.toJSONSchema(ImportOptions, { io: 'input' });

const NO_FOLDER = 'The account has no such folder.';

/** By method and path below the root of the API. */
export const CONTACT_OPERATIONS: Readonly<Record<string, Described>> = {
  'GET /contacts': {
    operationId: 'listContacts',
    missing: NO_FOLDER,
    description: 'Returns the contacts of all folders, or of one, in the order in which they were added.',
    parameters: { folder_id: FOLDER_ID, limit: 50 },
    answers: { 200: exampleList(CONTACT) },
  },
  'POST /contacts': {
    operationId: 'putContact',
    missing: NO_FOLDER,
    description:
      'The number and the extension identify a contact. If the contact exists, the given fields are overwritten and the others stay. Returns 201 for a new contact, and 200 otherwise.',
    requests: { person: { summary: 'A contact', value: PERSON, status: 201 } },
    answers: { 200: exampleOf(CONTACT), 201: exampleOf(CONTACT) },
  },
  'GET /contacts/folders': {
    operationId: 'listFolders',
    description: 'Returns the folders of the account.',
    parameters: { limit: 50 },
    answers: { 200: exampleList(FOLDER) },
  },
  'POST /contacts/folders': {
    operationId: 'createFolder',
    description: 'A folder contains each contact once.',
    conflict: 'A folder with this name exists.',
    requests: { folder: { summary: 'A folder', value: { name: 'Clients' }, status: 201 } },
    answers: { 201: exampleOf({ ...FOLDER, name: 'Clients' }) },
  },
  'DELETE /contacts/folders/{id}': {
    operationId: 'deleteFolder',
    description: 'Campaigns keep the contacts that they have copied or are going to copy.',
    parameters: { id: FOLDER_ID },
    answers: { 200: exampleOf({ id: FOLDER_ID, deleted: true }) },
  },
  'POST /contacts/import': {
    operationId: 'importContacts',
    missing: NO_FOLDER,
    description:
      'Send the file as the body, or as the last field of a form. The first row names the columns. The columns for number, extension, names, e-mail address, time zone, `region`, `priority` and `not_before` are recognized in many spellings; every other column is a custom field. If the file cannot be read to its end, no contact is imported. Rows whose number cannot be dialled are counted and listed; numbers are never guessed. An account can run two imports at a time; a third gets 429.',
    parameters: { folder_id: FOLDER_ID, default_country: 'US', overwrite_existing: 'false' },
    bodies: {
      'text/csv': { type: 'string', description: 'A CSV file in UTF-8, with a header.' },
      'multipart/form-data': {
        ...options,
        properties: { ...options.properties, file: FILE },
        required: ['file'],
      },
    },
    requests: {
      csv: { summary: 'The file as the body', contentType: 'text/csv', value: CSV, status: 200 },
      form: {
        summary: 'The file in a form',
        contentType: 'multipart/form-data',
        value: { folder_id: FOLDER_ID, default_country: 'US', overwrite_existing: 'true', file: CSV },
        status: 200,
      },
    },
    answers: { 200: exampleOf(IMPORTED) },
  },
  'GET /suppressions': {
    operationId: 'listSuppressions',
    description: 'Returns the suppressed numbers of the account.',
    parameters: { limit: 50 },
    answers: { 200: exampleList(SUPPRESSED) },
  },
  'POST /suppressions': {
    operationId: 'addSuppression',
    requests: { number: { summary: 'A number and a reason', value: SUPPRESSION, status: 201 } },
    answers: { 200: exampleOf(SUPPRESSED), 201: exampleOf(SUPPRESSED) },
  },
  'DELETE /suppressions/{phone_number}': {
    operationId: 'removeSuppression',
    parameters: { phone_number: '+12125550103' },
    answers: { 200: exampleOf({ phone_number: '+12125550103', deleted: true }) },
  },
};
