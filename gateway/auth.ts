/** Who asks, and whether they may. */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { findApiKey, hashKey, type Scope } from '../db/api-keys.ts';
import type { Pool } from '../db/pool.ts';
import { RingfenceError } from '../domain/errors.ts';

export interface Caller {
  readonly account: string;
  readonly scope: Scope;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route of the API; the webhooks have no caller, they carry signatures. */
    caller: Caller;
    /** To be told by whoever has looked the request's key up: the limit of requests wants to know. */
    tellKey: (known: boolean) => Promise<void>;
  }
}

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** Lets a request through when its key is known, and opens what its method does. */
export function authenticate(pool: Pool): onRequestAsyncHookHandler {
  return async (request) => {
    const caller = await callerOf(pool, request.headers.authorization);
    await request.tellKey(caller !== null);
    if (!caller) {
      throw new RingfenceError('unauthorized', 'Send a valid key as "Authorization: Bearer KEY".', {
        field: 'Authorization',
      });
    }
    if (caller.scope !== 'write' && changesSomething(request)) {
      throw new RingfenceError('forbidden', 'This key may only read: use one with the scope "write".');
    }
    request.caller = caller;
  };
}

async function callerOf(pool: Pool, authorization: string | undefined): Promise<Caller | null> {
  const key = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (key === undefined) return null;
  const hash = hashKey(key);
  const known = await findApiKey(pool, hash);
  // How long an index takes to find a row says nothing of use about a hash; this comparison says nothing at all.
  if (!known || !timingSafeEqual(known.hash, hash)) return null;
  return { account: known.account, scope: known.scope };
}

function changesSomething({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
