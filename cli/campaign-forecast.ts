/** `campaigns forecast`: when a campaign finishes, for a running campaign and for one in a file. */
import { type Command, InvalidArgumentError } from 'commander';
import { RingfenceError } from '../domain/engine/errors.ts';
import { ForecastResponse } from '../domain/forecast/response.ts';
import { Uuid } from '../domain/engine/ids.ts';
import { type ApiRequest, requestApi } from '../client/http-api.ts';
import { type ApiFlags, apiOf, gatewayCommand, show } from './api.ts';
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
        async () => (await requestApi(apiOf(flags), await requestFor(target, flags), ForecastResponse)).data,
        forecastText,
      ),
    );
}

async function requestFor(target: string, { callSeconds, retryShare }: Flags): Promise<ApiRequest> {
  const assumed = {
    ...(callSeconds === undefined ? {} : { call_seconds: callSeconds }),
    ...(retryShare === undefined ? {} : { retry_share: retryShare }),
  };
  if (Uuid.safeParse(target).success) {
    const query = new URLSearchParams(
      Object.entries(assumed).map(([name, value]): [string, string] => [name, `${value}`]),
    );
    return { method: 'GET', path: `/batch-calls/${target}/forecast?${query.toString()}` };
  }
  const campaign = await readJson(target, 'id-or-file');
  if (typeof campaign !== 'object' || campaign === null || Array.isArray(campaign)) {
    throw new RingfenceError('bad_request', 'The file must hold a JSON object that describes a campaign.', {
      field: 'id-or-file',
    });
  }
  return { method: 'POST', path: '/batch-calls/forecast', body: { ...campaign, ...assumed } };
}

function number(min: number, max: number): (value: string) => number {
  return (value) => {
    const read = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (!(read >= min && read <= max)) throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
    return read;
  };
}
