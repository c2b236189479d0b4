/** Uploads of contact files, as the body itself or as one part of a form. Neither is ever held in memory as a whole. */
import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CONTACT_FILE } from '../../domain/contacts/contact-header.ts';
import { canonical } from './body-hash.ts';
import { BODY_LIMITS } from './body-limits.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';

export interface Upload {
  /** The form's fields; empty when the body is the file. */
  readonly fields: Readonly<Record<string, string>>;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** SHA-256 of fields and file, once the bytes have been read to their end. */
  readonly contentHash: () => Buffer;
}

/**
 * The form has three options. The limits allow a few more fields, so that the refusal can name what is too much. The
 * size of the file is checked below.
 */
const FORM_LIMITS = {
  fileSize: Number.MAX_SAFE_INTEGER,
  files: 2,
  fields: 20,
  parts: 22,
  fieldSize: 1_024,
  headerPairs: 20,
};

/** Lets the routes of `app` accept files. Call it in a separate scope: other routes accept JSON only. */
export async function acceptUploads(app: FastifyInstance): Promise<void> {
  await app.register(multipart, { limits: FORM_LIMITS });
  app.addContentTypeParser('text/csv', (_request, body, done) => done(null, body));
}

/** @throws RingfenceError `bad_request` if the request contains no file */
export async function openUpload(request: FastifyRequest): Promise<Upload> {
  const { fields, bytes } = await openParts(request);
  const hash = createHash('sha256').update(canonical(fields));
  return { fields, bytes: hashed(bytes, hash), contentHash: () => hash.digest() };
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

type Parts = Omit<Upload, 'contentHash'>;

async function openParts(request: FastifyRequest): Promise<Parts> {
  if (request.isMultipart()) return openForm(request);
  if (!(request.body instanceof Readable)) {
    throw new RingfenceError('bad_request', 'Send the file as the body with content type text/csv, or in a form.', {
      field: 'Content-Type',
    });
  }
  return { fields: {}, bytes: guarded(request.body) };
}

async function openForm(request: FastifyRequest): Promise<Parts> {
  const parts = request.parts();
  const fields: Record<string, string> = {};
  for (;;) {
    const next = await parts.next().catch(rethrowAsCutOff);
    if (next.done) throw new RingfenceError('bad_request', 'The form holds no file.', { field: CONTACT_FILE });
    const part = next.value;
    if (part.type === 'file') return { fields, bytes: onlyFile(part.file, parts) };
    fields[part.fieldname] = String(part.value);
  }
}

/** The file to its end. Nothing may follow it, because it is imported with the fields known so far. */
async function* onlyFile(file: Readable, parts: AsyncIterator<unknown>): AsyncGenerator<Uint8Array> {
  yield* guarded(file);
  const next = await parts.next().catch(rethrowAsCutOff);
  if (!next.done) {
    throw new RingfenceError(
      'bad_request',
      'Send one file, as the last part of the form: what follows it would come too late. Nothing was imported.',
      { field: CONTACT_FILE },
    );
  }
}

/** The bytes as they arrive. `cutOffSlowBodies` cuts off a client that sends too slowly. */
async function* guarded(stream: Readable): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    // Destroying the stream of a refused file would close the connection before the refusal is sent.
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      received += chunk.length;
      if (received > BODY_LIMITS.contactFile) {
        throw new RingfenceError(
          'payload_too_large',
          `The file is larger than ${BODY_LIMITS.contactFile} bytes: split it.`,
          {
            field: CONTACT_FILE,
          },
        );
      }
      yield chunk;
    }
  } catch (error) {
    rethrowAsCutOff(error);
  }
}

function rethrowAsCutOff(error: unknown): never {
  if (error instanceof RingfenceError) throw error;
  throw new RingfenceError('bad_request', 'The upload is malformed or was aborted. Nothing was imported.', {
    field: CONTACT_FILE,
    cause: error,
  });
}
