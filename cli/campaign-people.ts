/** `campaigns add-contacts`, `remove-contact` and `call-at`: people come, go and name a time, through the gateway. */
import type { Command } from 'commander';
import type { AddContactsInput, AddedContacts, MovedCall, RemovedContact } from '../domain/api/added-contacts.ts';
import { counted } from '../domain/engine/counted.ts';
import { type ApiFlags, gatewayCommand, ringfenceOf, show } from './api.ts';
import { examples } from './help.ts';
import { readJson } from './source.ts';

const SOME_ID = '1f4baf16-1540-4d91-9696-7f34b2f2cb77';
const SOME_CONTACT = '0b0a8f0e-6c0c-4c5e-8f3b-2f7e6f1f9a31';

export function addCampaignPeople(campaigns: Command): void {
  gatewayCommand(campaigns, 'add-contacts', 'Add contacts to a campaign that has not ended, each person once.')
    .argument('<id>', 'id of the campaign')
    .argument('<file>', 'JSON file with the body of POST /batch-calls/{id}/contacts, or - for standard input')
    .option('--idempotency-key <key>', 'identifies this command: a repeat gets the first response')
    .addHelpText('after', examples(`campaigns add-contacts ${SOME_ID} more.json`))
    .action((id: string, file: string, flags: ApiFlags & { idempotencyKey?: string }) =>
      show(
        flags,
        async () => {
          const { campaigns } = await ringfenceOf(flags);
          // The gateway reads it, and names each field at fault.
          const people = (await readJson(file)) as AddContactsInput;
          return campaigns.addContacts(id, people, { idempotencyKey: flags.idempotencyKey });
        },
        addedText,
      ),
    );

  gatewayCommand(campaigns, 'remove-contact', 'Take a contact out of a campaign. It must wait for a call.')
    .argument('<id>', 'id of the campaign')
    .argument('<contact>', 'id of the contact, from "campaigns contacts"')
    .addHelpText('after', examples(`campaigns remove-contact ${SOME_ID} ${SOME_CONTACT}`))
    .action((id: string, contact: string, flags: ApiFlags) =>
      show(flags, async () => (await ringfenceOf(flags)).campaigns.removeContact(id, contact), removedText),
    );

  gatewayCommand(campaigns, 'call-at', 'Move the next call of a contact that waits to a time.')
    .argument('<id>', 'id of the campaign')
    .argument('<contact>', 'id of the contact, from "campaigns contacts"')
    .argument('<instant>', 'the time, with Z or an offset; a past time means at once')
    .addHelpText('after', examples(`campaigns call-at ${SOME_ID} ${SOME_CONTACT} 2026-03-19T15:30:00-04:00`))
    .action((id: string, contact: string, at: string, flags: ApiFlags) =>
      show(flags, async () => (await ringfenceOf(flags)).campaigns.callAt(id, contact, at), movedText),
    );
}

function movedText({ contact_id, not_before, attempt }: MovedCall): string[] {
  return [`Attempt ${attempt} is due at ${not_before}: ${contact_id}`];
}

function addedText({ added, already_there: there, total_contacts: total }: AddedContacts): string[] {
  return [`Added: ${counted(added, 'contact')}. Already there: ${there}. The campaign has ${total}.`];
}

function removedText({ contact_id, reason }: RemovedContact): string[] {
  return [`Skipped with the reason ${reason}: ${contact_id}`];
}
