/** The gateway with your own provider: the HTTP API, and the webhooks that report the events of calls. */
export { type RingfenceGateway, type RingfenceGatewayOptions, startRingfenceGateway } from './ringfence-gateway.ts';
export type { PolicyInput } from '../domain/windows/policies/policy.ts';
