/** What an adapter really sends to place a call, beside what it previews. */
import type { CallProvider } from '../../providers/port.ts';
import type { PlacementRequest } from '../../providers/http-request.ts';
import { callToPlace } from './factories/call-to-place.ts';
import { receiveWebhooks } from './fakes/webhook-receiver.ts';

const CALL = callToPlace({
  callId: 'c00000000-0000-4000-8000-00000000000a-1-1',
  firstName: 'Ada',
  customFields: { plan: 'gold' },
});

export interface SentAndPreviewed {
  readonly sent: PlacementRequest;
  readonly previewed: PlacementRequest;
}

/**
 * Places one call at a server that only notes it.
 *
 * @param createAt the adapter for an API with this base URL
 * @returns the request as it arrived and as `preview` shows it, with the headers that the preview names
 */
export async function sentAndPreviewed(createAt: (baseUrl: string) => CallProvider): Promise<SentAndPreviewed> {
  const server = await receiveWebhooks(() => 500);
  const provider = createAt(new URL(server.url).origin);
  try {
    const frozen = provider.freeze(CALL);
    const previewed = provider.preview(frozen, CALL.callId);
    await provider.place(frozen, CALL.callId, Number.POSITIVE_INFINITY);
    const { method, url, headers, body } = server.received[0]!;
    const named = Object.keys(previewed.headers).map((name) => [name, String(headers[name.toLowerCase()])]);
    return {
      sent: { method: method as 'POST', url, headers: Object.fromEntries(named), body: body.toString('utf8') },
      previewed,
    };
  } finally {
    await provider.close();
    await server.close();
  }
}
