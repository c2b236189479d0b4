import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { readChange } from '../../../domain/api/campaign-change.ts';
import { BUILT_IN, knownPolicies, policiesNamed, useOwnPolicies } from '../../../domain/windows/policies/built-in.ts';
import { startRingfenceGateway } from '../../../gateway/index.ts';
import { createRingfenceWorker } from '../../../worker/index.ts';
import { loadOwnPolicies, takeOwnPolicies } from '../../../worker/own-policies.ts';
import { HOUSE_RULES } from '../../support/factories/policies.ts';

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

describe('policies of a program that embeds Ringfence', () => {
  it('are known beside those of Ringfence', () => {
    takeOwnPolicies([HOUSE_RULES]);
    expect(policiesNamed(['house', 'us-fl'])).toMatchObject([{ name: 'house', hours: null }, { name: 'us-fl' }]);
  });

  it('stay unless the option is stated', () => {
    takeOwnPolicies([HOUSE_RULES]);
    takeOwnPolicies(undefined);
    expect(policiesNamed(['house'])).toHaveLength(1);
    takeOwnPolicies([]);
    expect(knownPolicies()).toEqual(BUILT_IN);
  });

  it.each([
    ['worker', createRingfenceWorker],
    ['gateway', startRingfenceGateway],
  ])('prevent the start of a %s where one has a fault, before anything is opened', async (_, start) => {
    const policies = [{ ...HOUSE_RULES, places: ['Texas'] }];
    await expect(start({ databaseUrl: 'postgres://nobody@localhost:1/none', policies })).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/option policies .*\[0\]\.places\[0\]/),
    });
  });
});

it('the policies of a campaign cannot be changed', () => {
  expect(() => readChange({ policy: ['us-tcpa'] })).toThrow(/policy cannot be changed/);
});
