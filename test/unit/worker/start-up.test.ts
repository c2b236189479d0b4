import { expect, it } from 'vitest';
import { cannotServeMetrics } from '../../../worker/start-up.ts';

it.each([
  [
    'Failed to start prometheus metrics exporter: Address already in use (os error 98)',
    '127.0.0.1:9464 is in use: set RINGFENCE_METRICS to another port, or stop the other process.',
  ],
  [
    'Failed to start prometheus metrics exporter: Cannot assign requested address (os error 99)',
    'The metrics cannot be served at 127.0.0.1:9464: correct RINGFENCE_METRICS.',
  ],
])('names RINGFENCE_METRICS where Temporal says: %s', (told, message) => {
  expect(cannotServeMetrics(new Error(told), '127.0.0.1:9464')).toMatchObject({ code: 'misconfigured', message });
});

it('leaves other errors of Temporal as they are', () => {
  const error = new Error('Runtime was already instantiated');
  expect(cannotServeMetrics(error, '127.0.0.1:9464')).toBe(error);
});
