/** The worker with your own provider: everything that a program needs to run campaigns with any voice-call API. */
export { createRingfenceWorker, type RingfenceWorker, type RingfenceWorkerOptions } from './ringfence-worker.ts';
export type {
  CallEvent,
  CallProvider,
  CallRef,
  CallToPlace,
  LookUpResult,
  PlaceResult,
  PreviewedRequest,
  ProviderFacts,
  ReceivedWebhook,
} from '../providers/port.ts';
export { openConnections } from '../providers/connections/from-env.ts';
export type { Connections, OpenConnection, OpenConnections } from '../providers/connections/open-connections.ts';
export type { Connection } from '../providers/connections/connection.ts';
export { type Carrier, type CarrierOptions, CarrierUrl } from '../providers/carrier.ts';
export { maskSecrets, type PlacementRequest, toDispatch } from '../providers/http-request.ts';
export { type SendResult, sendBefore, type SendLimits } from '../providers/send-before.ts';
export type { PolicyInput } from '../domain/windows/policies/policy.ts';
export { Outcome } from '../domain/engine/outcome.ts';
export { ERROR_CODES, type ErrorCode } from '../domain/engine/error-codes.ts';
export { RingfenceError } from '../domain/engine/errors.ts';
