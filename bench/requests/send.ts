/** Sends bytes as they are, whatever they are. */
import { request } from 'node:http';
import type { Attack } from './attack.ts';

export interface Sent {
  /** Null where the connection was closed without an answer. */
  readonly status: number | null;
  readonly ms: number;
  /** Of the body. */
  readonly bytes: number;
}

export async function send(gatewayUrl: string, key: string, attack: Attack): Promise<Sent> {
  const { method, path, headers = {}, body } = attack;
  const bytes = await body?.();
  const begun = performance.now();
  const status = await new Promise<number | null>((resolve) => {
    const sending = request(
      gatewayUrl + path,
      {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(bytes === undefined ? {} : { 'content-length': bytes.length }),
          ...(typeof headers === 'function' ? headers(bytes ?? Buffer.alloc(0)) : headers),
        },
      },
      (response) => {
        response.resume();
        response.once('close', () => resolve(response.statusCode ?? null));
      },
    );
    // A refusal that comes before all is sent closes the connection under the rest.
    sending.once('error', () => resolve(null));
    sending.end(bytes);
  });
  return { status, ms: performance.now() - begun, bytes: bytes?.length ?? 0 };
}
