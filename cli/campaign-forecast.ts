/** `campaigns forecast`: when a campaign finishes, for a running campaign and for one in a file. */
import { type Command, InvalidArgumentError } from 'commander';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { ForecastInput } from '../domain/forecast/request.ts';
import { Uuid } from '../domain/engine/ids.ts';
import { type ApiFlags, gatewayCommand, ringfenceOf, show } from './api.ts';
import { forecastText } from './forecast-text.ts';
import { examples } from './help.ts';
import { readJson } from './source.ts';

interface Flags extends ApiFlags {
  readonly callSeconds?: number;
  readonly retryShare?: number;
}

export function addCampaignForecast(campaigns: Command): void {
  gatewayCommand(campaigns, 'forecast', 'Forecast when a campaign finishes, the calls per day, and what limits it.')
    .argument('<id-or-file>', 'id of a campaign, or JSON file with the body of POST /batch-calls/forecast, or -')
    .option('--call-seconds <number>', 'seconds that a call takes a slot (default: as measured)', number(1, 14_400))
    .option('--retry-share <number>', 'share of calls to retry, 0 to 1 (default: as measured)', number(0, 1))
    .addHelpText(
      'after',
      examples(
        'campaigns forecast 1f4baf16-1540-4d91-9696-7f34b2f2cb77',
        'campaigns forecast campaign.json --call-seconds 90 --retry-share 0.4',
      ),
    )
    .action((target: string, flags: Flags) =>
      show(
        flags,
        async () => {
          const { campaigns } = await ringfenceOf(flags);
          const { callSeconds: call_seconds, retryShare: retry_share } = flags;
          return campaigns.forecast(await campaignOf(target), { call_seconds, retry_share });
        },
        forecastText,
      ),
    );
}

/** An id, or the campaign that a file describes. The gateway reads it, and names each field at fault. */
async function campaignOf(target: string): Promise<string | ForecastInput> {
  if (Uuid.safeParse(target).success) return target;
  const campaign = await readJson(target, 'id-or-file');
  if (typeof campaign === 'object' && campaign !== null && !Array.isArray(campaign)) return campaign;
  throw new RingfenceError('bad_request', 'The file must hold a JSON object that describes a campaign.', {
    field: 'id-or-file',
  });
}

function number(min: number, max: number): (value: string) => number {
  return (value) => {
    const read = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (!(read >= min && read <= max)) throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
    return read;
  };
}
