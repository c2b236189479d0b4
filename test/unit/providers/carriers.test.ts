import { describe, expect, test } from 'vitest';
import { CarrierUrl } from '../../../providers/carrier.ts';
import { CARRIERS } from '../../../providers/carriers.ts';

describe('built-in carriers', () => {
  test.each([...CARRIERS])(
    '%s stands under its own name, and refuses fields that it does not know',
    (name, carrier) => {
      expect(carrier.name).toBe(name);
      const read = carrier.settings.safeParse({ no_such_field: 'value' });
      expect(read.error?.issues).toContainEqual(expect.objectContaining({ code: 'unrecognized_keys' }));
    },
  );

  test.each([
    'https://api.example.com',
    'https://api.example.com/v1/',
    'http://127.0.0.1:8080',
    'http://[::1]:8080',
    'http://localhost:1',
    'http://simulator:8090/api',
  ])('are reached at %s', (url) => {
    expect(CarrierUrl.parse(url)).toBe(url.replace(/\/$/, ''));
  });

  test.each([
    'http://api.example.com',
    'http://api.example.com.',
    'http://127.0.0.1.example.com',
    'http://localhost@api.example.com',
    'http://10.0.0.1',
    'http://16909060',
    'ftp://localhost',
    'api.example.com',
    '',
  ])('are not reached at %j', (url) => {
    expect(CarrierUrl.safeParse(url).success).toBe(false);
  });
});
