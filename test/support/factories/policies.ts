import type { PolicyInput } from '../../../domain/windows/policies/policy.ts';

/** An own policy with the required fields alone. */
export const HOUSE_RULES: PolicyInput = {
  name: 'house',
  version: '1',
  title: 'House rules',
  places: ['US'],
  purpose: 'all calls',
  source: { text: 'House rules', url: 'https://example.com/rules', read: '2026-11-29' },
};
