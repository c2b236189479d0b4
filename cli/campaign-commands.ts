/**
 * `campaigns pause`, `resume`, `cancel`, `restart` and `delete`: what a campaign is told. A workflow that runs is told through
 * Temporal and nothing else. The gateway, which has the records, starts one that was ended again, deletes one that is over, and
 * knows which campaigns there are.
 */
import { confirm } from './confirm.ts';
import type { Command } from 'commander';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { CancelAcknowledgement } from '../domain/engine/answers.ts';
import type { Acknowledged, CampaignControl } from '../client/campaign-control.ts';
import type { TemporalClient } from '../client/temporal-client.ts';
import { type ApiFlags, gatewayCommand, type Json, keyOption, ringfenceOf, show, urlOption } from './api.ts';
import { cancelText, pauseText, restartText, resumeText } from './campaign-text.ts';
import { EXIT, Finished } from './exit-codes.ts';
import { examples } from './help.ts';

const SOME_ID = '1f4baf16-1540-4d91-9696-7f34b2f2cb77';

export function addCampaignCommands(campaigns: Command): void {
  campaigns
    .command('pause')
    .description('Pause a campaign, or all, and list the calls that are or may be live.')
    .argument('[id]', 'id of the campaign')
    .option('--all', 'every campaign of the account that is scheduled or active, through the gateway')
    .addOption(urlOption())
    .addOption(keyOption())
    .option('--json', 'print JSON')
    .addHelpText('after', examples(`campaigns pause ${SOME_ID}`, 'campaigns pause --all'))
    .action(async (id: string | undefined, flags: ApiFlags & { all?: true }) => {
      if ((id === undefined) === (flags.all === undefined)) {
        throw new RingfenceError('validation_error', 'Give the id of one campaign, or --all.', { field: 'id' });
      }
      if (id !== undefined) return show(flags, () => tell('pause', (control) => control.pause(id)), pauseText);
      const { pauseAll, pausedAllText } = await import('./pause-all.ts');
      const answer = await pauseAll(await ringfenceOf(flags));
      await show(flags, async () => answer, pausedAllText);
      if (answer.not_paused.length > 0) throw new Finished(EXIT.unreachable);
    });

  workflowCommand(campaigns, 'resume', 'Resume a paused campaign.').action((id: string, flags: Json) =>
    show(flags, () => tell('resume', (control) => control.resume(id)), resumeText),
  );

  workflowCommand(
    campaigns,
    'cancel',
    'Cancel a campaign: live calls run to their end, all other contacts are skipped.',
  )
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .addOption(urlOption())
    .addOption(keyOption())
    .addHelpText('after', '\nThe command uses the gateway only if the campaign is interrupted.')
    .action((id: string, flags: ApiFlags & { yes?: true }) =>
      show(
        flags,
        async () => {
          if (!flags.yes)
            await confirm(`Cancel campaign ${id}? All contacts not called yet will be skipped permanently.`);
          return cancel(id, flags);
        },
        cancelText,
      ),
    );

  gatewayCommand(campaigns, 'restart', 'Restart an interrupted campaign: a new workflow adopts its records.')
    .argument('<id>', 'id of the campaign')
    .addHelpText('after', examples(`campaigns restart ${SOME_ID}`))
    .action((id: string, flags: ApiFlags) =>
      show(flags, async () => (await ringfenceOf(flags)).campaigns.restart(id), restartText),
    );

  gatewayCommand(campaigns, 'delete', 'Delete a campaign that has ended, with its contacts and calls.')
    .argument('<id>', 'id of the campaign')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .addHelpText('after', examples(`campaigns delete ${SOME_ID}`))
    .action((id: string, flags: ApiFlags & { yes?: true }) =>
      show(
        flags,
        async () => {
          if (!flags.yes) await confirm(`Delete campaign ${id} with all its records?`);
          return (await ringfenceOf(flags)).campaigns.delete(id);
        },
        ({ id: deleted }) => [`Deleted: ${deleted}`],
      ),
    );
}

/** An interrupted campaign has no workflow that could be told: the gateway starts one, to end it. */
async function cancel(id: string, flags: ApiFlags): Promise<CancelAcknowledgement> {
  try {
    return await tell('cancel', (control) => control.cancel(id));
  } catch (error) {
    const hasNone =
      error instanceof RingfenceError && ('workflow_status' in error.details || error.code === 'not_found');
    if (!hasNone || !flags.key) throw error;
    return promised('cancel', await (await ringfenceOf(flags)).campaigns.cancel(id));
  }
}

/** A command that tells one campaign something. */
export function workflowCommand(
  campaigns: Command,
  name: string,
  description: string,
  help = examples(`campaigns ${name} ${SOME_ID}`),
): Command {
  return campaigns
    .command(name)
    .description(description)
    .argument('<id>', 'id of the campaign')
    .option('--json', 'print JSON')
    .addHelpText('after', help);
}

/** Speaks to Temporal by its environment configuration, and closes the connection whatever comes of it. */
export async function throughTemporal<T>(speak: (temporal: TemporalClient) => Promise<T>): Promise<T> {
  const { connectTemporal } = await import('../client/temporal/connection.ts');
  const temporal = await connectTemporal();
  try {
    return await speak(temporal);
  } finally {
    await temporal.connection.close();
  }
}

async function tell<T extends object>(
  name: string,
  speak: (control: CampaignControl) => Promise<Acknowledged<T>>,
): Promise<{ readonly acknowledged: true } & T> {
  const outcome = await throughTemporal(async (temporal) => {
    const { controlOverTemporal } = await import('../client/temporal/control-over-temporal.ts');
    return speak(controlOverTemporal(temporal));
  });
  return promised(name, outcome);
}

/** @throws RingfenceError `temporal_unavailable` for a command that no worker has acknowledged. */
function promised<T extends object>(name: string, outcome: Acknowledged<T>): { readonly acknowledged: true } & T {
  if (outcome.acknowledged) return outcome;
  throw new RingfenceError(
    'temporal_unavailable',
    `No worker answered. The ${name} is recorded and will take effect when a worker runs. Nothing is promised until then.`,
  );
}
