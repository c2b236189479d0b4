/** The links of a run. Each is a separate proxy, so that each can be disturbed separately. */
import { setTimeout as pause } from 'node:timers/promises';
import { startTcpProxy, type TcpProxy } from '../../scripts/tcp-proxy.ts';
import type { Of } from './disturbances.ts';
import { type Link, LINKS, linkName } from './parts.ts';

export class Network {
  private constructor(private readonly proxies: ReadonlyMap<string, TcpProxy>) {}

  /**
   * @param ports where each listens.
   * @param toProvider told each piece of data on its way to the provider, before anything holds it up.
   */
  static async start(
    ports: Readonly<Record<Link['to'], number>>,
    toProvider: (chunk: Buffer) => void,
  ): Promise<Network> {
    const proxies = LINKS.map(async (link) => {
      const watched = link.to === 'provider' ? { onClientData: toProvider } : {};
      return [linkName(link), await startTcpProxy({ target: ports[link.to], ...watched })] as const;
    });
    return new Network(new Map(await Promise.all(proxies)));
  }

  /** The port by which one reaches the other. */
  port(from: Link['from'], to: Link['to']): number {
    return this.#proxy({ from, to }).port;
  }

  /** Resolves once it is over, as far as it can be over. */
  async spoil({ links, how, delayMs, forMs }: Of<'network'>, signal: AbortSignal): Promise<void> {
    const proxies = links.map((link) => this.#proxy(link));
    for (const proxy of proxies) {
      if (how === 'slow') proxy.slow(delayMs);
      else proxy[how]();
    }
    if (how === 'forget' || how === 'cut') return;
    await pause(forMs, undefined, { signal }).catch(() => {});
    for (const proxy of proxies) proxy.restore();
  }

  restore(): void {
    for (const proxy of this.proxies.values()) proxy.restore();
  }

  async close(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.close()));
  }

  #proxy(link: Link): TcpProxy {
    const proxy = this.proxies.get(linkName(link));
    if (!proxy) throw new Error(`nothing goes from ${link.from} to ${link.to}`);
    return proxy;
  }
}
