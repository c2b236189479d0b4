import { describe, expect, test } from 'vitest';
import { repeatsEndAtClose } from '../../../client/temporal/close-safely.ts';

type Interceptor = ReturnType<typeof repeatsEndAtClose>;
type NextCall = Parameters<Interceptor>[1];

const OPTIONS = {} as Parameters<Interceptor>[0];
const call = {} as ReturnType<NextCall>;
const closed: NextCall = () => {
  throw new Error('Channel has been shut down');
};

describe('a request on a connection that closes', () => {
  test('is passed on while the connection is open, as often as it is repeated', () => {
    const intercept = repeatsEndAtClose();
    expect([intercept(OPTIONS, () => call), intercept(OPTIONS, () => call)]).toEqual([call, call]);
  });

  test('throws at its first try', () => {
    expect(() => repeatsEndAtClose()(OPTIONS, closed)).toThrow('Channel has been shut down');
  });

  test('gets no answer to a repeat, which begins in a timer', () => {
    const intercept = repeatsEndAtClose();
    intercept(OPTIONS, () => call);
    const repeat = intercept(OPTIONS, closed);
    expect(() => {
      repeat.start({} as never, {});
      repeat.sendMessage({});
      repeat.halfClose();
    }).not.toThrow();
  });

  test('says nothing about other requests', () => {
    const intercept = repeatsEndAtClose();
    intercept(OPTIONS, () => call);
    expect(() => intercept({ ...OPTIONS }, closed)).toThrow('Channel has been shut down');
  });
});
