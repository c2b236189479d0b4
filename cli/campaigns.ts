import { Command } from 'commander';
import { addCampaignCommands } from './campaign-commands.ts';
import { addCampaignEdit } from './campaign-edit.ts';
import { addCampaignForecast } from './campaign-forecast.ts';
import { addCampaignPeople } from './campaign-people.ts';
import { addCampaignQuestions } from './campaign-questions.ts';
import { addCampaignWatch } from './campaign-watch.ts';
import { examples } from './help.ts';

const MORE = `
pause, resume, cancel and edit talk to Temporal directly, with its environment configuration (TEMPORAL_ADDRESS and so on, or a
profile). They need no gateway, except to pause all campaigns, and to cancel an interrupted one. All other commands use the
gateway: set RINGFENCE_API_URL and RINGFENCE_API_KEY, or pass --url and --key.

Exit codes: 0 success, 1 unexpected failure, 2 refused, 3 not found, 4 not possible in this status, 5 no answer,
6 the watched campaign has ended without completing, 8 the watched campaign is interrupted.`;

/** `campaigns`: start campaigns, look at them, and command them. Never needs the database. */
export function campaignsCommand(): Command {
  const campaigns = new Command('campaigns').addHelpText(
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
  addCampaignPeople(campaigns);
  addCampaignForecast(campaigns);
  addCampaignWatch(campaigns);
  addCampaignCommands(campaigns);
  addCampaignEdit(campaigns);
  return campaigns;
}
