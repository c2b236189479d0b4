import { Command } from 'commander';
import { addCampaignCommands } from './campaign-commands.ts';
import { addCampaignEdit } from './campaign-edit.ts';
import { addCampaignForecast } from './campaign-forecast.ts';
import { addCampaignQuestions } from './campaign-questions.ts';
import { addCampaignWatch } from './campaign-watch.ts';
import { examples } from './help.ts';

const MORE = `
start, list, show, contacts, explain, forecast, watch and restart ask the gateway: RINGFENCE_API_URL and
RINGFENCE_API_KEY, or --url and --key. pause, resume, cancel and edit go to Temporal by its environment configuration (TEMPORAL_ADDRESS and so
on, or a profile), and need no gateway; only to cancel an interrupted campaign does.

Exit codes: 0 done, 1 unexpected, 2 refused, 3 not found, 4 not possible in this status, 5 nobody answered,
6 a watched campaign has ended without completing, 8 it is interrupted.`;

/** `campaigns`: start campaigns, look at them, and command them. Never needs the database. */
export function campaignsCommand(): Command {
  const campaigns = new Command('campaigns')
    .description('Start campaigns, look at them, and command them.')
    .addHelpText(
      'after',
      examples(
        'campaigns start campaign.json --idempotency-key reminders-2026-03',
        'campaigns list --status active',
        'campaigns pause 1f4baf16-1540-4d91-9696-7f34b2f2cb77',
      ) +
        '\n' +
        MORE,
    );
  addCampaignQuestions(campaigns);
  addCampaignForecast(campaigns);
  addCampaignWatch(campaigns);
  addCampaignCommands(campaigns);
  addCampaignEdit(campaigns);
  return campaigns;
}
