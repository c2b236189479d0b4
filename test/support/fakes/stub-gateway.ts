/** A server that answers what a test tells it, in place of a gateway. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { API_ROOT } from '../../../domain/api/api-root.ts';

export interface StubRequest {
  readonly method: string;
  /** Below the root of the API, with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `break` closes the connection without an answer, `none` never answers. */
export type StubAnswer =
  | 'break'
  | 'none'
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
      /** Whether the connection breaks after the body. */
      readonly breaks?: boolean;
    };

export const META = { request_id: 'request-of-the-stub', ts: '2026-03-18T12:00:00.000Z' };

export function dataAnswer(data: unknown, more: object = {}): StubAnswer {
  return { body: JSON.stringify({ data, meta: META, ...more }) };
}

export function refusalAnswer(
  status: number,
  code: string,
  { details = {}, headers = {} }: { details?: object; headers?: Readonly<Record<string, string>> } = {},
): StubAnswer {
  return { status, headers, body: JSON.stringify({ error: { code, message: `It is ${code}.`, details }, meta: META }) };
}

export class StubGateway {
  readonly requests: StubRequest[] = [];

  private constructor(private readonly server: Server) {}

  /** @param answers the answers in turn; the last one again for every further request. Or what each request gets. */
  static async listen(
    answers: readonly StubAnswer[] | ((request: StubRequest) => StubAnswer),
    root = API_ROOT,
  ): Promise<StubGateway> {
    const server = createServer();
    const stub = new StubGateway(server);
    server.on('request', (request, response) => {
      void text(request).then(
        (body) => {
          const { method = '', url = '', headers } = request;
          const received = { method, path: url.replace(root, ''), headers, body };
          const turn = stub.requests.push(received);
          const answer =
            typeof answers === 'function' ? answers(received) : answers[Math.min(turn, answers.length) - 1];
          if (answer === 'none') return;
          if (answer === 'break' || answer === undefined) request.socket.destroy();
          else {
            response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
            if (answer.breaks) response.write(answer.body, () => request.socket.destroy());
            else response.end(answer.body);
          }
        },
        // The client has gone away.
        () => {},
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return stub;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get baseUrl(): string {
    return this.origin + API_ROOT;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
