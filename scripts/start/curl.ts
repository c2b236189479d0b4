import type { RingfenceOptions } from '../../client/index.ts';

export interface ShownRequest {
  readonly method: string;
  /** Below the root of the API. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The same request as a command for a shell. Pasted there it repeats the request, idempotency key included. */
export function curlOf({ baseUrl, apiKey }: RingfenceOptions, { method, path, body, headers }: ShownRequest): string {
  const all = { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json', ...headers };
  return [
    `curl -X ${method} ${quoted(baseUrl + path)}`,
    ...Object.entries(all).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`),
    `  -d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
