/**
 * A backend with Express: a small API over campaigns, and the address to which a carrier sends its webhooks.
 *
 *     npm install express @ringfence/client
 *     RINGFENCE_API_KEY=... node server.js
 *
 * In a clone of Ringfence, without the package:
 *
 *     npm install --no-save express
 *     RINGFENCE_API_KEY=... node --import tsx examples/express/server.js
 *
 * RINGFENCE_API_URL is the gateway (default: the local one), PORT the port to listen on (default: 3000).
 *
 * A carrier must reach the address of its webhooks. Here only this server is public, and passes them on to the gateway. In the
 * connections file `webhook_base_url` is then the public address of this server, because some carriers sign the URL too.
 */
import { ERROR_CODES, Ringfence, RingfenceError } from '@ringfence/client';
import express from 'express';

const {
  RINGFENCE_API_URL: baseUrl = 'http://127.0.0.1:8080/api/public/v1',
  RINGFENCE_API_KEY: apiKey = '',
  PORT = '3000',
} = process.env;

const { campaigns } = new Ringfence({ baseUrl, apiKey });
const app = express();

/** Webhooks are beside the API of the gateway, not below it. */
const webhooksAt = new URL(baseUrl.replace(/\/api\/public\/v1\/?$/, '/'));
/** Shorter than carriers wait. */
const PASS_ON_TIMEOUT_MS = 8_000;
/** These describe the connection to this server, and not the webhook. */
const OWN_HEADERS = ['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'keep-alive', 'upgrade'];

// Before express.json(): a signature is valid for the bytes as they were sent.
app.post('/webhooks/:connection', express.raw({ type: () => true, limit: '4mb' }), async (request, response) => {
  const headers = Object.entries(request.headers).filter(([name]) => !OWN_HEADERS.includes(name));
  const answer = await fetch(new URL(request.originalUrl.slice(1), webhooksAt), {
    method: 'POST',
    headers: Object.fromEntries(headers),
    body: Buffer.isBuffer(request.body) ? request.body : '',
    signal: AbortSignal.timeout(PASS_ON_TIMEOUT_MS),
  });
  // The carrier sends a webhook again until the gateway has answered 2xx, so that its answer must be passed back.
  response.status(answer.status).send(await answer.text());
});

app.use(express.json({ limit: '10mb' }));
// A real backend checks here who is asking, and what they may do.

app.post('/campaigns', async (request, response) => {
  // The browser's key, so that a form that is sent twice creates one campaign.
  const idempotencyKey = request.get('idempotency-key');
  response.status(201).json(await campaigns.create(request.body, { idempotencyKey }));
});

app.get('/campaigns', async (request, response) => {
  const { data, pagination } = await campaigns.list({ limit: 20, cursor: request.query.cursor });
  response.json({ campaigns: data, next: pagination.next_cursor });
});

app.get('/campaigns/:id', async (request, response) => {
  response.json(await campaigns.get(request.params.id));
});

for (const command of ['pause', 'resume', 'cancel']) {
  app.post(`/campaigns/:id/${command}`, async (request, response) => {
    const outcome = await campaigns[command](request.params.id);
    response.status(outcome.acknowledged ? 200 : 202).json(outcome);
  });
}

app.use((error, _request, response, next) => {
  if (!(error instanceof RingfenceError)) return next(error);
  const { code, message, field, retryAfter, requestId } = error;
  // The client refuses some requests itself, such as one for an id that cannot exist: then there is no answer with a status.
  const status = error.status ?? ERROR_CODES[code].status;
  if (retryAfter !== undefined) response.set('retry-after', String(retryAfter));
  // No answer, or a key that the gateway refuses, is no fault of the visitor.
  const isOurs = status === null || status === 401 || status === 403;
  if (isOurs || status >= 500) console.error(`${code} (${requestId ?? 'no request id'}): ${message}`);
  response.status(isOurs ? 502 : status).json({ code, message, field });
});

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
process.once('SIGTERM', () => server.close());
