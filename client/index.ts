/** The Ringfence SDK: everything that a backend needs to run campaigns. */
export { CampaignClient } from './campaign-client.ts';
export type { Acknowledged, CampaignProgress, CampaignResult, EditAcknowledgement } from './campaign-control.ts';
export type { ApiOptions, CampaignClientOptions, CommandOptions, ConnectOptions, StartOptions } from './options.ts';
export type { TemporalClient } from './temporal-client.ts';
export type { Campaign, RestartResponse } from '../domain/api/campaign-responses.ts';
export type { ChangeCampaignInput } from '../domain/api/campaign-change.ts';
export type { CreateCampaignInput } from '../domain/api/campaign-request.ts';
export type { CancelAcknowledgement, PauseAcknowledgement, ResumeAcknowledgement } from '../domain/engine/answers.ts';
export { ERROR_CODES, type ErrorCode } from '../domain/engine/error-codes.ts';
export { RingfenceError } from '../domain/engine/errors.ts';
