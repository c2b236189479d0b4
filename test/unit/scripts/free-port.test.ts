import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../../../scripts/free-port.ts';

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
