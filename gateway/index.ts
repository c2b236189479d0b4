/** A gateway with providers of one's own: the HTTP API, and the webhooks by which calls are heard of. */
export { type RingfenceGateway, type RingfenceGatewayOptions, startRingfenceGateway } from './ringfence-gateway.ts';
