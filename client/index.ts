/** Ringfence from another program: everything that a backend needs to run campaigns. */
export { CampaignClient, type StartOptions } from './campaign-client.ts';
export type { Acknowledged, CommandOptions } from './command.ts';
export type { ConnectOptions } from './connection.ts';
export type { ApiOptions } from './http-api.ts';
export type { Campaign } from '../domain/api/campaign-responses.ts';
export type { ChangeCampaignInput } from '../domain/api/campaign-change.ts';
export type { CreateCampaignInput } from '../domain/api/campaign-request.ts';
export { type ErrorCode, RingfenceError } from '../domain/engine/errors.ts';
export type {
  CampaignProgress,
  CampaignResult,
  CancelAcknowledgement,
  EditAcknowledgement,
  PauseAcknowledgement,
  ResumeAcknowledgement,
} from '../workflows/messages.ts';
