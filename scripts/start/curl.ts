import type { ApiOptions, ApiRequest } from '../../client/http-api.ts';

/** The same request as a command for a shell. Pasted there it repeats the request, idempotency key included. */
export function curlOf({ baseUrl, key }: ApiOptions, { method, path, body, headers }: ApiRequest): string {
  const all = {
    Authorization: `Bearer ${key}`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...headers,
  };
  return [
    `curl -X ${method} ${quoted(baseUrl + path)}`,
    ...Object.entries(all).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`  -d ${quoted(JSON.stringify(body))}`]),
  ].join(' \\\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
