/** The doctor's questions to the gateway: does it serve, can it do its work, does it take the key. */
import { z } from 'zod';
import { Meta } from '../../domain/api/campaign-responses.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { Ringfence } from '../../client/ringfence.ts';
import { wrongTemporal } from './campaigns.ts';
import { clockFinding } from './clock.ts';
import { type Finding, skipped, trouble, well } from './finding.ts';

const TIMEOUT_MS = 5_000;
/** Health stands beside the API, not below it. */
const API_PATH = /\/api\/public\/v1\/?$/;
const Answer = z.object({
  meta: Meta,
  data: z.object({ zone_data: z.string().optional(), warnings: z.array(z.string()).default([]) }).optional(),
  error: z.object({ message: z.string() }).optional(),
});

export async function checkGateway({ url, key }: { readonly url: string; readonly key?: string }): Promise<Finding[]> {
  const [ready, apiKey] = await Promise.all([checkReady(url), checkKey(url, key)]);
  return [...ready, apiKey];
}

async function checkReady(url: string): Promise<Finding[]> {
  const askedAt = Date.now();
  let status: number;
  let answer: z.infer<typeof Answer>;
  try {
    const response = await fetch(`${url.replace(API_PATH, '')}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    status = response.status;
    answer = Answer.parse(await response.json());
  } catch {
    const advice = 'Start it, or set RINGFENCE_API_URL to its address.';
    return [trouble('gateway', `no gateway answers at ${url}`, advice, { url })];
  }
  const answeredAt = Date.now();
  const clock = clockFinding('the gateway', { askedAt, theirs: Date.parse(answer.meta.ts), answeredAt });
  if (status === 200) {
    const warnings = answer.data?.warnings ?? [];
    const missing = warnings.includes('most_workflows_missing') ? [wrongTemporal({ url })] : [];
    const zone_data = answer.data?.zone_data;
    const release = zone_data === undefined ? '' : `, time zone data ${zone_data}`;
    return [well('gateway', `ready at ${url}${release}`, { url, zone_data }), clock, ...missing];
  }
  const said = answer.error?.message ?? `HTTP ${status}`;
  return [
    trouble('gateway', said, 'Start the service that it waits for. The gateway then continues on its own.', {
      url,
      status,
    }),
    clock,
  ];
}

async function checkKey(url: string, key: string | undefined): Promise<Finding> {
  const check = 'API key';
  if (key === undefined || key === '') return skipped(check, 'RINGFENCE_API_KEY is not set');
  try {
    const ringfence = new Ringfence({ baseUrl: url, apiKey: key, timeoutMs: TIMEOUT_MS, maxRetries: 0 });
    await ringfence.campaigns.list({ limit: 1 });
    return well(check, 'the gateway accepts it');
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    if (error.code === 'unauthorized') {
      return trouble(check, 'the gateway refuses it', 'Create one with "keys create", and set RINGFENCE_API_KEY.');
    }
    return skipped(check, `not tried: ${error.message}`);
  }
}
