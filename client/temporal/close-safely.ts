import type { ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/**
 * Lets a connection close while the SDK waits to repeat a request on it. A closed channel throws at a new call. The repeat begins
 * in a timer, where that error would end the process. With this interceptor, which stands behind the one that repeats, the repeat
 * gets no answer. The first try of a request still throws.
 */
export function repeatsEndAtClose(): Interceptor {
  // Every try of one request has the same options.
  const tried = new WeakSet();
  return (options, nextCall) => {
    const isRepeat = tried.has(options);
    tried.add(options);
    try {
      return nextCall(options) as Call;
    } catch (error) {
      if (isRepeat) return UNANSWERED;
      throw error;
    }
  };
}

const nothing = (): void => {};
/** The SDK calls nothing else of a call that it repeats. */
const UNANSWERED = {
  start: nothing,
  sendMessage: nothing,
  sendMessageWithContext: nothing,
  startRead: nothing,
  halfClose: nothing,
  cancelWithStatus: nothing,
  getPeer: () => 'closed',
  getAuthContext: () => null,
} as unknown as Call;
