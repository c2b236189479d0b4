/**
 * Idempotency keys of writes. The hooks here serve every route of the API that changes something:
 *
 *   valid request -> claim the key -> execute -> keep the answer -> respond
 *                 -> answered before: respond with that answer
 *                 -> being executed: wait, then one of the two; or 409 with Retry-After
 *                 -> another request has the key: 422
 *
 * A gateway extends its claims while it executes their requests. The claims of one that died end soon, and a repeat takes them
 * over. So that nothing is done twice then, either the answer is kept in the transaction of the work (`keepInTransaction`), or
 * Temporal gets the command under the claim's id, which recognizes it.
 *
 * What is refused before the request is executed claims no key: the key, the rate limit, the form of the request. A repeat is
 * refused again for the same reason. Other answers are kept, except those that ask to come back later (408, 429, 5xx, and
 * all with Retry-After). An import is kept only with its file: a refusal in the middle of a file does not know the rest.
 *
 * An answer is as large as what its request stores, and lies beside it in PostgreSQL until it is deleted.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { databaseErrorKind } from '../../db/errors.ts';
import {
  type Answered,
  type Claim,
  claimKey,
  extendClaim,
  type Found,
  keepAnswer,
  type KeptAnswer,
  letGo,
} from '../../db/idempotency.ts';
import type { Pool, Queryable } from '../../db/pool.ts';
import { ERROR_CODES } from '../../domain/engine/error-codes.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import './auth.ts';
import type { Upload } from './contact-upload.ts';
import { answer, errorAnswer, metaOf } from './envelope.ts';
import { statusOf } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The claim of this request on its idempotency key; null without a key. */
    keyed: KeyedWrite | null;
    /** The answer to the first upload under the same key, if the route takes files. */
    firstAnswer: FirstUpload | null;
  }
  interface FastifyContextConfig {
    /** The route changes nothing, whatever its method is. */
    changesNothing?: boolean;
    /** The body is a file, which the route reads itself. */
    isUpload?: boolean;
  }
}

export interface KeyLimits {
  /** Milliseconds after which a silent gateway loses its claim. */
  readonly leaseMs: number;
  /** Milliseconds between two extensions of a claim. */
  readonly extendEveryMs: number;
  /** Milliseconds for which a repeat waits for the first request. */
  readonly waitMs: number;
}

export const KEY_LIMITS: KeyLimits = {
  // Two extensions may fail, the second because of a lock.
  leaseMs: 15_000,
  extendEveryMs: 5_000,
  // Longer than a lease: a repeat after a gateway has died gets its answer without another repeat.
  waitMs: 20_000,
};

const FIRST_LOOK_MS = 25;
const LONGEST_LOOK_MS = 500;
const RETRY_AFTER_S = 5;
const HEADER = 'X-Idempotency-Key';
const KEY = `${HEADER} must be 1 to 255 printable ASCII characters`;
const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

export const KeyHeader = z.looseObject({
  'x-idempotency-key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, KEY)
    .optional()
    .describe('Identifies the request. A repeat with the same key changes nothing and gets the first response.'),
});

export interface FirstUpload {
  readonly answer: KeptAnswer;
  readonly contentHash: Buffer;
}

/** Call it after everything that may refuse a request whatever it asks for. */
export function takeIdempotencyKeys(
  api: FastifyInstance,
  { pool, limits }: { readonly pool: Pool; readonly limits: KeyLimits },
): void {
  api.decorateRequest('keyed', null);
  api.decorateRequest('firstAnswer', null);
  api.decorateRequest('sentBody');

  api.addHook('onRoute', (route) => {
    if (isWrite(route)) route.schema = { ...route.schema, headers: KeyHeader };
  });

  api.addHook('preValidation', async (request) => {
    request.sentBody = request.body;
  });

  api.addHook('preHandler', async (request, reply) => {
    const key = request.headers['x-idempotency-key'];
    if (typeof key !== 'string' || !isWrite(request.routeOptions)) return;
    const keyed = { account: request.caller.account, key, fingerprint: await fingerprintOf(request) };
    const found = await whenAnswered(reply, limits, () => claimKey(pool, keyed, limits.leaseMs));
    switch (found.kind) {
      case 'claimed':
        request.keyed = new KeyedWrite(pool, found.claim, limits);
        return;
      case 'answered':
        if (found.contentHash === null) return replay(request, reply, found.answer);
        request.firstAnswer = { answer: found.answer, contentHash: found.contentHash };
        return;
      case 'running':
        throw inProgress();
      case 'other_request':
        throw mismatch();
    }
  });

  api.addHook('onSend', async (request, reply, payload) => {
    const { keyed, routeOptions } = request;
    if (!keyed || keyed.isOver) return payload;
    const isKept = isFinal(reply) && !routeOptions.config.isUpload && typeof payload === 'string';
    try {
      const isOwn = await keyed.end(isKept ? { status: reply.statusCode, body: withoutMeta(payload) } : null);
      // The request that took over may be what this one was refused for.
      if (!isOwn && reply.statusCode >= ERROR_CODES.bad_request.status) return refuseLate(request, reply, inProgress());
    } catch (error) {
      // The response is true all the same. A repeat executes the request again, which changes nothing.
      request.log.warn(
        { kind: databaseErrorKind(error) },
        'the response to a request could not be kept for its repeats',
      );
    }
    return payload;
  });
}

/** The execution of a request that has an idempotency key. */
export class KeyedWrite {
  readonly #extending: NodeJS.Timeout;
  #isOver = false;
  #isKept = false;

  constructor(
    private readonly pool: Pool,
    private readonly claim: Claim,
    { leaseMs, extendEveryMs }: Pick<KeyLimits, 'leaseMs' | 'extendEveryMs'>,
  ) {
    this.#extending = setInterval(() => {
      // The next extension tries again.
      void extendClaim(pool, claim, leaseMs).catch(() => {});
    }, extendEveryMs).unref();
  }

  get key(): string {
    return this.claim.key;
  }

  /** The id under which Temporal gets a command. */
  get commandId(): string {
    return this.claim.id;
  }

  /** Whether the request may have been executed before, without an answer. */
  get isRepeat(): boolean {
    return this.claim.isRepeat;
  }

  /**
   * Keeps the answer in the transaction of the work.
   * @throws RingfenceError `request_in_progress` if another gateway has taken the request over, so that the work is rolled back
   */
  async keep(tx: Queryable, answered: Answered): Promise<void> {
    if (!(await keepAnswer(tx, this.claim, answered))) throw inProgress();
    this.#isKept = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Ends the claim: keeps the answer, unless the transaction of the work has kept one, or lets the key go.
   *
   * @returns false if another gateway has taken the request over
   */
  async end(answered: KeptAnswer | null): Promise<boolean> {
    this.#isOver = true;
    clearInterval(this.#extending);
    const { pool, claim } = this;
    const isOwn = answered === null ? await letGo(pool, claim) : await keepAnswer(pool, claim, answered);
    return isOwn || this.#isKept;
  }
}

/**
 * A command is sent under the id of its claim, so that an execution that repeats it changes nothing, and with the name of the API
 * key, so that the Web UI shows who gave it.
 */
export function commandOptions({ keyed, caller }: FastifyRequest): { readonly updateId?: string; readonly by: string } {
  return { by: `API key ${caller.keyName}`, ...(keyed ? { updateId: keyed.commandId } : {}) };
}

interface Written extends Pick<Answered, 'status' | 'campaignId' | 'contentHash'> {
  readonly data: unknown;
}

/** Keeps the response to a request with a key in the transaction of its work, exactly as it will be sent. */
export async function keepInTransaction(
  request: FastifyRequest,
  reply: FastifyReply,
  tx: Queryable,
  { data, ...written }: Written,
): Promise<void> {
  if (!request.keyed) return;
  const body = withoutMeta(String(reply.serializeInput(answer(request, data), String(written.status))));
  await request.keyed.keep(tx, { ...written, body });
}

/** The response to a repeated upload. Its file is read to the end, because only the whole file can be compared. */
export async function replayUpload(
  request: FastifyRequest,
  reply: FastifyReply,
  upload: Upload,
): Promise<FastifyReply> {
  for await (const chunk of upload.bytes) void chunk;
  const { answer: first, contentHash } = request.firstAnswer!;
  if (!upload.contentHash().equals(contentHash)) throw mismatch();
  return replay(request, reply, first);
}

/** Not by the route's schema: a newer version may have added fields that the kept answer does not have. */
function replay(request: FastifyRequest, reply: FastifyReply, { status, body }: KeptAnswer): FastifyReply {
  return reply
    .code(status)
    .header('idempotency-replayed', 'true')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send({ ...body, meta: metaOf(request) });
}

/** Replaces a response that is about to be sent. */
function refuseLate(request: FastifyRequest, reply: FastifyReply, error: RingfenceError): string {
  void reply.code(statusOf(error)).header('retry-after', String(RETRY_AFTER_S));
  return JSON.stringify(errorAnswer(error, metaOf(request)));
}

/** Waits while another request with the key is being executed. */
async function whenAnswered(reply: FastifyReply, { waitMs }: KeyLimits, look: () => Promise<Found>): Promise<Found> {
  const until = performance.now() + waitMs;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_LOOK_MS)) {
    const found = await look().catch(asRunning);
    const isClientGone = reply.raw.destroyed;
    if (found.kind !== 'running' || isClientGone || performance.now() + pauseMs >= until) return found;
    await wait(pauseMs);
  }
}

/** The transaction that keeps the answer holds the row. */
function asRunning(error: unknown): Found {
  if (databaseErrorKind(error) === 'locked') return { kind: 'running' };
  throw error;
}

function isWrite({
  method,
  config,
}: {
  readonly method: string | string[];
  readonly config?: { changesNothing?: boolean };
}) {
  return [method].flat().some((one) => WRITES.has(one)) && config?.changesNothing !== true;
}

function isFinal(reply: FastifyReply): boolean {
  const { statusCode } = reply;
  return statusCode < ERROR_CODES.internal.status && !LATER.has(statusCode) && !reply.hasHeader('retry-after');
}

const LATER: ReadonlySet<number> = new Set([
  ERROR_CODES.request_timeout.status,
  ERROR_CODES.rate_limit_exceeded.status,
]);

function withoutMeta(payload: string): object {
  const { meta: _meta, ...body } = JSON.parse(payload) as { meta: unknown };
  return body;
}

function inProgress(): RingfenceError {
  return new RingfenceError(
    'request_in_progress',
    `The first request with this ${HEADER} is still being executed: repeat the request in a moment, and you get its response.`,
    { field: HEADER, details: { retry_after_s: RETRY_AFTER_S } },
  );
}

function mismatch(): RingfenceError {
  return new RingfenceError(
    'idempotency_mismatch',
    `${HEADER} was used for another request before: repeat that request unchanged, or choose a new key.`,
    { field: HEADER },
  );
}
