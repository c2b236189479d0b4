/** `campaigns start`, `list`, `show`, `contacts` and `explain`: what is asked of the gateway once. */
import { type Command, Option } from 'commander';
import type { CreateCampaignInput } from '../domain/api/campaign-request.ts';
import { RecordedStatus } from '../domain/api/interruption.ts';
import { type Bucket, BUCKETS } from '../domain/engine/tally.ts';
import { type ApiFlags, gatewayCommand, ringfenceOf, show } from './api.ts';
import { campaignText, listText } from './campaign-text.ts';
import { contactsText, explanationText } from './contact-text.ts';
import { examples } from './help.ts';
import { addListOptions, type ListFlags, readListed } from './lists.ts';
import { readJson } from './source.ts';

const SOME_ID = '1f4baf16-1540-4d91-9696-7f34b2f2cb77';
const SOME_CONTACT = '0b0a8f0e-6c0c-4c5e-8f3b-2f7e6f1f9a31';

export function addCampaignQuestions(campaigns: Command): void {
  gatewayCommand(campaigns, 'start', 'Create a campaign.')
    .argument('<file>', 'JSON file with the body of POST /batch-calls, or - for standard input')
    .option('--idempotency-key <key>', 'identifies this command: a repeat does not create a second campaign')
    .addHelpText('after', examples('campaigns start campaign.json --idempotency-key reminders-2026-03'))
    .action((file: string, flags: ApiFlags & { idempotencyKey?: string }) =>
      show(
        flags,
        async () => {
          const { campaigns } = await ringfenceOf(flags);
          // The gateway reads it, and names each field at fault.
          const terms = (await readJson(file)) as CreateCampaignInput;
          return campaigns.create(terms, { idempotencyKey: flags.idempotencyKey });
        },
        campaignText,
      ),
    );

  addListOptions(gatewayCommand(campaigns, 'list', 'List campaigns, newest first.'))
    .addOption(new Option('--status <status>', 'only campaigns with this status').choices(RecordedStatus.options))
    .option('--agent <id>', 'only campaigns of this agent')
    .addHelpText('after', examples('campaigns list --status active', 'campaigns list --agent demo-agent --all --json'))
    .action((flags: ListFlags & { status?: RecordedStatus; agent?: string }) =>
      show(
        flags,
        async () => {
          const { campaigns } = await ringfenceOf(flags);
          const { status, agent: agent_id } = flags;
          const { items, rest } = await readListed(flags, (from) => campaigns.list({ status, agent_id, ...from }));
          return { campaigns: items, ...rest };
        },
        listText,
      ),
    );

  gatewayCommand(campaigns, 'show', 'Show a campaign: status, what it waits for, counts and limits.')
    .argument('<id>', 'id of the campaign')
    .addHelpText('after', examples(`campaigns show ${SOME_ID}`))
    .action((id: string, flags: ApiFlags) =>
      show(flags, async () => (await ringfenceOf(flags)).campaigns.get(id), campaignText),
    );

  addListOptions(gatewayCommand(campaigns, 'contacts', 'List the contacts of a campaign with their ids.'))
    .argument('<id>', 'id of the campaign')
    .addOption(new Option('--status <bucket>', 'only contacts in this bucket').choices(BUCKETS))
    .addHelpText('after', examples(`campaigns contacts ${SOME_ID} --status failed --all`))
    .action((id: string, flags: ListFlags & { status?: Bucket }) =>
      show(
        flags,
        async () => {
          const { campaigns } = await ringfenceOf(flags);
          const { status } = flags;
          const { items, rest } = await readListed(flags, (from) => campaigns.contacts(id, { status, ...from }));
          return { contacts: items, ...rest };
        },
        contactsText,
      ),
    );

  gatewayCommand(campaigns, 'explain', 'Explain why a contact is not called now, when it may be, and list its calls.')
    .argument('<id>', 'id of the campaign')
    .argument('<contact>', 'id of the contact, from "campaigns contacts"')
    .addHelpText('after', examples(`campaigns explain ${SOME_ID} ${SOME_CONTACT}`))
    .action((id: string, contact: string, flags: ApiFlags) =>
      show(flags, async () => (await ringfenceOf(flags)).campaigns.explain(id, contact), explanationText),
    );
}
