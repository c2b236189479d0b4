/** The Ringfence SDK: everything that a backend needs to run campaigns. */
export { Ringfence } from './ringfence.ts';
export { connectTemporal } from './connect-temporal.ts';
export { RingfenceError } from './errors.ts';
export { ERROR_CODES, type ErrorCode } from '../domain/engine/error-codes.ts';
export { Page, type PageQuery, type Pages } from './pages.ts';
export type { ConnectOptions, RequestOptions, RingfenceOptions, WriteOptions } from './options.ts';
export type { TemporalClient } from './temporal-client.ts';

export type { CampaignContactFilter, CampaignFilter, Campaigns } from './resources/campaigns.ts';
export type { Acknowledged, CampaignProgress } from './campaign-control.ts';
export type {
  Campaign,
  CampaignContactResponse as CampaignContact,
  RestartResponse as RestartAcknowledgement,
} from '../domain/api/campaign-responses.ts';
export type { CallEventResponse as CallEvent, ContactExplanation } from '../domain/api/contact-explanation.ts';
export type { AddContactsInput, AddedContacts, MovedCall, RemovedContact } from '../domain/api/added-contacts.ts';
export type { ChangeCampaignInput } from '../domain/api/campaign-change.ts';
export type { CreateCampaignInput } from '../domain/api/campaign-request.ts';
export type { CancelAcknowledgement, PauseAcknowledgement, ResumeAcknowledgement } from '../domain/engine/answers.ts';
export type { ForecastInput, ForecastQuery as ForecastAssumptions } from '../domain/forecast/request.ts';
export type { ForecastResponse as Forecast } from '../domain/forecast/response.ts';

export type {
  ContactFile,
  ContactFilter,
  Contacts,
  ImportOptions,
  ImportProgress,
  ImportTarget,
  NewContact,
} from './resources/contacts.ts';
export type {
  ContactResponse as Contact,
  FolderResponse as Folder,
  ImportResponse as ImportResult,
} from '../domain/api/contact-responses.ts';
export type { Connections } from './resources/connections.ts';
export type { ConnectionDetails, ConnectionResponse as Connection } from '../domain/api/connection-response.ts';
export type { Folders } from './resources/folders.ts';
export type { Suppressions } from './resources/suppressions.ts';
export type { SuppressionInput, SuppressionResponse as Suppression } from '../domain/api/suppressions.ts';
