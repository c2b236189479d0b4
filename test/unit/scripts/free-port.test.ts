import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { freePort, startOnFreePort } from '../../../scripts/free-port.ts';

test('the wanted port is kept while it is free and replaced while it is taken', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  try {
    const other = await freePort(port);
    expect(other).toBeGreaterThan(0);
    expect(other).not.toBe(port);
  } finally {
    holder.close();
    await once(holder, 'close');
  }
  expect(await freePort(port)).toBe(port);
});

describe('a server', () => {
  const inUse = (port: number) =>
    new Error(`ended while starting: listen tcp 127.0.0.1:${port}: bind: address already in use`);

  test('whose port is taken before it listens is started again on another', async () => {
    const other = createServer();
    const ports: number[] = [];
    const started = await startOnFreePort(0, async (port) => {
      ports.push(port);
      if (ports.length > 1) return port;
      other.listen(port, '127.0.0.1');
      await once(other, 'listening');
      throw inUse(port);
    });
    other.close();
    expect(started).toBe(ports[1]);
    expect(ports[1]).not.toBe(ports[0]);
  });

  test('that fails for another reason is not started again, and for this one not for ever', async () => {
    const full = vi.fn(() => Promise.reject(new Error('no room on the disk')));
    await expect(startOnFreePort(0, full)).rejects.toThrow('no room on the disk');
    expect(full).toHaveBeenCalledTimes(1);
    const never = vi.fn((port: number) => Promise.reject(inUse(port)));
    await expect(startOnFreePort(0, never)).rejects.toThrow('address already in use');
    expect(never).toHaveBeenCalledTimes(3);
  });
});
