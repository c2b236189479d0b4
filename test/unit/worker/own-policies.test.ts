import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { readChange } from '../../../domain/api/campaign-change.ts';
import { BUILT_IN, knownPolicies, policiesNamed, useOwnPolicies } from '../../../domain/windows/policies/built-in.ts';
import { loadOwnPolicies } from '../../../worker/own-policies.ts';

const directory = mkdtempSync(join(tmpdir(), 'ringfence-policies-'));
afterEach(() => useOwnPolicies([]));
afterAll(() => rmSync(directory, { recursive: true }));

function fileOf(content: string): string {
  const file = join(directory, 'policies.yaml');
  writeFileSync(file, content);
  return file;
}

const HOUSE = `
- name: us-tcpa
  version: "7"
  title: House rules
  places: [US]
  purpose: all calls
  frequency: [{ max: 2, hours: 24 }]
  source: { text: House rules, url: "https://example.com/rules", read: 2026-11-29 }
`;

describe('own policies', () => {
  it('come from the file, in place of those of Ringfence with the same names', () => {
    loadOwnPolicies({ RINGFENCE_POLICIES: fileOf(HOUSE) });
    expect(policiesNamed(['us-tcpa', 'us-fl'])).toMatchObject([{ version: '7' }, { name: 'us-fl' }]);
  });

  it('are none without a file', () => {
    loadOwnPolicies({});
    expect(knownPolicies()).toEqual(BUILT_IN);
  });

  it.each<[string, string, RegExp]>([
    ['is missing', join(directory, 'nowhere.yaml'), /nowhere\.yaml cannot be used \(ENOENT\)/],
    ['is no YAML', fileOf('{'), /holds neither YAML nor JSON/],
  ])('prevent the start where the file %s', (_, file, message) => {
    writeFileSync(join(directory, 'policies.yaml'), '{');
    expect(() => loadOwnPolicies({ RINGFENCE_POLICIES: file })).toThrow(message);
  });

  it('prevent the start where the file has a fault, and name it', () => {
    const file = fileOf(HOUSE.replace('max: 2', 'max: none'));
    expect(() => loadOwnPolicies({ RINGFENCE_POLICIES: file })).toThrow(/\[0\]\.frequency\[0\]\.max/);
  });
});

it('the policies of a campaign cannot be changed', () => {
  expect(() => readChange({ policy: ['us-tcpa'] })).toThrow(/policy cannot be changed/);
});
