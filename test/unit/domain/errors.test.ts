import { expect, it, vi } from 'vitest';
import { RingfenceError } from '../../../domain/engine/errors.ts';

it('an error of one copy of the module is one of every other', async () => {
  vi.resetModules();
  const other = await import('../../../domain/engine/errors.ts');
  expect(other.RingfenceError).not.toBe(RingfenceError);
  expect(new other.RingfenceError('internal', 'any')).toBeInstanceOf(RingfenceError);
  expect(new Error('any')).not.toBeInstanceOf(RingfenceError);
  expect({ name: 'RingfenceError' }).not.toBeInstanceOf(RingfenceError);
});
