/** The address of the client, directly or through trusted proxies. */
import { isIP } from 'node:net';
import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

const Network = z
  .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be an IP address or a network such as 10.0.0.0/8')
  .refine((network) => !/\/0+$/.test(network), 'must not be every address: name the proxies');

/** IP addresses and CIDR networks, separated by commas. Empty: no proxy is trusted. */
export const TrustedProxies = z
  .string()
  .default('')
  .transform((list) => list.split(/[\s,]+/).filter(Boolean))
  .pipe(z.array(Network));

/** `203.0.113.7:4711` and `[2001:db8::7]:4711`, as some proxies write an address. */
const WITH_PORT = /^(?:(\d+\.\d+\.\d+\.\d+)|\[([\da-f:.]+)\])(?::\d+)?$/i;

/**
 * The address that counts for a request. If the connection comes from a trusted proxy, it is the last address in
 * `X-Forwarded-For` that is not a trusted proxy; otherwise it is the address of the connection. Of an IPv6 address the
 * /64 network counts, because a client with one of its addresses has all of them.
 */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const [, ipv4, ipv6] = WITH_PORT.exec(ip) ?? [];
  const address = ipv4 ?? ipv6 ?? ip;
  // A proxy that forwards words instead of an address says nothing about its client.
  return normalizeIP(isIP(address) ? address : (socket.remoteAddress ?? ''));
}
