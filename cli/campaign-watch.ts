/** `campaigns watch`: how a campaign gets on, until it has ended. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { Campaign } from '../domain/api/campaign-responses.ts';
import { isOver } from '../domain/engine/commands.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { neverStarted } from '../domain/api/failed-start.ts';
import { reasonInWords, wayOut } from '../domain/api/interruption.ts';
import type { Ringfence } from '../client/ringfence.ts';
import { type ApiFlags, gatewayCommand, ringfenceOf } from './api.ts';
import { progressText } from './campaign-text.ts';
import { EXIT, exitCodeOf, Finished } from './exit-codes.ts';
import { examples } from './help.ts';
import { printJson, printNote, printText } from './terminal.ts';

const MORE = `
watch shows a bar on a terminal, and prints a line for each change otherwise. With --json each line is the campaign as a JSON object. If the
gateway does not answer, watch tries again for five minutes.

Exit codes: 0 the campaign has completed, 6 it has ended otherwise, 8 it is interrupted and waits for a restart; otherwise those of every
command.`;

const PATIENCE_MS = 5 * 60_000;

interface Flags extends ApiFlags {
  readonly every: number;
}

export function addCampaignWatch(campaigns: Command): void {
  gatewayCommand(campaigns, 'watch', 'Watch a campaign until it has ended or is interrupted.')
    .argument('<id>', 'id of the campaign')
    .option('--every <seconds>', 'seconds between two requests, 0.1 to 3600', seconds, 2)
    .addHelpText(
      'after',
      `${examples(
        'campaigns watch 1f4baf16-1540-4d91-9696-7f34b2f2cb77',
        'campaigns watch 1f4baf16-1540-4d91-9696-7f34b2f2cb77 --json --every 10',
      )}\n${MORE}`,
    )
    .action(async (id: string, flags: Flags) => {
      const { campaigns } = await ringfenceOf(flags, { maxRetries: 0 });
      const { status, interrupted, failure } = await watch(campaigns, id, flags);
      if (interrupted !== null) {
        printNote(`The campaign is interrupted: ${reasonInWords(interrupted)}. ${wayOut(id, interrupted.reason)}`);
        throw new Finished(EXIT.interrupted);
      }
      if (failure !== null) printNote(neverStarted(failure).message);
      if (status !== 'completed') throw new Finished(EXIT.notCompleted);
    });
}

/** Shows the campaign whenever it has changed; answers with it once it is over or interrupted. */
async function watch(campaigns: Ringfence['campaigns'], id: string, flags: Flags): Promise<Campaign> {
  let campaign = await campaigns.get(id);
  const view = flags.json
    ? jsonLines()
    : process.stdout.isTTY && process.stderr.isTTY
      ? await bar(campaign)
      : textLines();
  try {
    for (;;) {
      view.show(campaign);
      if (isOver(campaign.status) || campaign.status === 'interrupted') return campaign;
      await pause(flags.every * 1000);
      campaign = await readPatiently(() => campaigns.get(id), flags.every * 1000);
    }
  } finally {
    view.end();
  }
}

/** A campaign outlives its gateway: one that is being replaced is no reason to stop watching. */
async function readPatiently(read: () => Promise<Campaign>, everyMs: number): Promise<Campaign> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const passes = error instanceof RingfenceError && exitCodeOf(error) === EXIT.unreachable;
      if (!passes || performance.now() >= giveUpAt) throw error;
      await pause(everyMs);
    }
  }
}

interface View {
  show(campaign: Campaign): void;
  end(): void;
}

function jsonLines(): View {
  return onChange((campaign) => {
    // When it was read is no change of it.
    const { as_of: _, ...lasting } = campaign;
    return [JSON.stringify(lasting), () => printJson(campaign)];
  });
}

function textLines(): View {
  return onChange((campaign) => {
    const text = progressText(campaign);
    return [text, () => printText([`${campaign.as_of}  ${text}`])];
  });
}

/** Prints what there is to say of a campaign when the part by which it is told from before is new. */
function onChange(say: (campaign: Campaign) => readonly [known: string, print: () => void]): View {
  let before = '';
  return {
    show(campaign) {
      const [known, print] = say(campaign);
      if (known !== before) print();
      before = known;
    },
    end() {},
  };
}

async function bar(first: Campaign): Promise<View> {
  const { progressBar } = await import('./progress-bar.ts');
  const shown = progressBar('{bar} {text}', first.total_contacts, { text: progressText(first) });
  return {
    show: (campaign) => shown.update(done(campaign), { text: progressText(campaign) }),
    end: () => shown.stop(),
  };
}

function done({ completed, failed, skipped }: Campaign): number {
  return completed + failed + skipped;
}

function seconds(value: string): number {
  const number = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= 0.1 && number <= 3_600)) throw new InvalidArgumentError('Give seconds from 0.1 to 3600.');
  return number;
}
