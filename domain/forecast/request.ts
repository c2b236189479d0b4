/** The requests of forecasts. */
import { z } from 'zod';
import { checkPeople, Fields, unreadContacts, withTermsDecided } from '../api/campaign-request.ts';
import { checkRetries, checkTerms } from '../api/campaign-terms.ts';

const MOST_CONTACTS = 100_000_000;
const LONGEST_CALL_S = 14_400;

const SECONDS = `call_seconds must be a number of seconds from 1 to ${LONGEST_CALL_S}`;
const SHARE = 'retry_share must be a number from 0 to 1';
const COUNT = `contact_count must be a whole number from 1 to ${MOST_CONTACTS}`;

const callSeconds = (number: z.ZodNumber) => number.min(1, SECONDS).max(LONGEST_CALL_S, SECONDS).optional();
const retryShare = (number: z.ZodNumber) => number.min(0, SHARE).max(1, SHARE).optional();

/** The query of `GET /batch-calls/{id}/forecast`. */
export const ForecastQuery = z.strictObject({
  call_seconds: callSeconds(z.coerce.number(SECONDS)).describe(
    "How long a call takes a slot. Default: the average of the campaign's latest calls, or 120 if there are fewer than twenty.",
  ),
  retry_share: retryShare(z.coerce.number(SHARE)).describe(
    "The share of calls that end in an outcome of retry_on. Default: the share of the campaign's latest calls, or 0.3 if there are fewer than twenty.",
  ),
});
export type ForecastQuery = z.infer<typeof ForecastQuery>;

const ForecastFields = Fields.extend({
  name: Fields.shape.name.optional(),
  agent_id: Fields.shape.agent_id.optional(),
  contact_count: z
    .int(COUNT)
    .min(1, COUNT)
    .max(MOST_CONTACTS, COUNT)
    .nullable()
    .default(null)
    .describe(
      'The number of contacts, instead of contacts or a folder. It does not go with `timezone` `contact`, nor with a policy about hours: it does not say where people are.',
    ),
  call_seconds: callSeconds(z.number(SECONDS)).describe('How long a call takes a slot. Default: 120.'),
  retry_share: retryShare(z.number(SHARE)).describe(
    'The share of calls that end in an outcome of retry_on. Default: 0.3.',
  ),
});

/** The body of `POST /batch-calls/forecast`: the body that creates the campaign, and assumptions. */
export const ForecastRequest = ForecastFields.superRefine(checkWhole).transform(withDefaults);
export type ForecastRequest = z.infer<typeof ForecastRequest>;
/** The input of a client. Fields with a default may be omitted. */
export type ForecastInput = z.input<typeof ForecastRequest>;

/** The same body before its contacts are read. */
export const ForecastRequestHead = ForecastFields.extend(unreadContacts)
  .superRefine(checkWhole)
  .transform(withDefaults);

type Unread = Omit<z.infer<typeof ForecastFields>, 'contacts'> & { readonly contacts: readonly unknown[] };

function checkWhole(request: Unread, context: z.RefinementCtx): void {
  const { contacts, contact_ids, contact_folder_id, contact_count } = request;
  checkTerms(request, context);
  checkRetries(request, context);
  if (contact_count === null) {
    checkPeople(request, context);
  } else if (contacts.length + contact_ids.length > 0 || contact_folder_id !== null) {
    const message = 'contact_count stands instead of contacts, contact_ids and contact_folder_id: give one of them';
    context.addIssue({ code: 'custom', path: ['contact_count'], message });
  }
}

/** Stands for the agent of a plan that names none. */
export const NO_AGENT = 'none';

function withDefaults<T extends Unread>({ name = 'Forecast', agent_id = NO_AGENT, ...request }: T) {
  return { name, agent_id, ...withTermsDecided(request) };
}
