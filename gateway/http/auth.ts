/** Authentication by API key, and authorization by its scope. */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { type ApiKey, hashKey, type Scope } from '../../db/api-keys.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { KeyLookUp } from './key-look-up.ts';
import { REMEMBERED, type RequestLimits } from './rate-limit.ts';

export interface Caller {
  readonly account: string;
  readonly scope: Scope;
  /** The purpose or the owner of the API key, as its creator put it. */
  readonly keyName: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route of the API. Webhooks have no caller: they have signatures. */
    caller: Caller;
  }
}

export interface AuthenticationOptions {
  /** The keys with these hashes, except revoked ones. */
  readonly findKeys: (hashes: readonly Buffer[]) => Promise<readonly ApiKey[]>;
  readonly limits: RequestLimits;
}

/** RFC 9110, 11.4: the scheme in any case, then one space or more. Node.js takes the first of several headers. */
const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** Accepts a request if its key is known and within its limit, and if its scope allows the method. */
export function authenticate({ findKeys, limits }: AuthenticationOptions): onRequestAsyncHookHandler {
  const newKeys = new KeyLookUp(findKeys);
  const proven = new Recent(REMEMBERED);

  const lookUp = async (request: FastifyRequest, reply: FastifyReply): Promise<ApiKey | null> => {
    const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) return null;
    const hash = hashKey(key);
    const keyHash = hash.toString('base64url');
    request.keyHash = keyHash;
    const wasProven = proven.has(keyHash);
    // Counted before the query where the key is known already, so that a caller over its limit costs none.
    if (wasProven) await limits.countKey(request, reply);
    const known = wasProven ? (await findKeys([hash]))[0] : await newKeys.find(hash);
    // The time of an index look-up reveals nothing useful about a hash, and this comparison reveals nothing at all.
    if (!known || !timingSafeEqual(known.hash, hash)) {
      proven.delete(keyHash);
      return null;
    }
    proven.add(keyHash);
    if (!wasProven) await limits.countKey(request, reply);
    return known;
  };

  return async (request, reply) => {
    const key = await lookUp(request, reply);
    if (!key) {
      await limits.countStranger(request, reply);
      throw new RingfenceError('unauthorized', 'Send a valid key as "Authorization: Bearer KEY".', {
        field: 'Authorization',
      });
    }
    if (key.scope !== 'write' && changesSomething(request)) {
      throw new RingfenceError('forbidden', 'This key is read-only: use one with the scope "write".', {
        field: 'Authorization',
      });
    }
    request.caller = { account: key.account, scope: key.scope, keyName: key.name };
  };
}

function changesSomething({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** A set of limited size that forgets its oldest entries. */
class Recent {
  readonly #members = new Set<string>();

  constructor(private readonly most: number) {}

  has(member: string): boolean {
    return this.#members.has(member);
  }

  add(member: string): void {
    this.#members.delete(member);
    this.#members.add(member);
    const [oldest] = this.#members;
    if (this.#members.size > this.most && oldest !== undefined) this.#members.delete(oldest);
  }

  delete(member: string): void {
    this.#members.delete(member);
  }
}
