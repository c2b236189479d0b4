/**
 * What a program that uses the package installs with it must run on every Node.js that the package is for. `light-my-request`
 * stands among the dependencies for this alone: the newest one that fastify takes wants Node.js 22.
 */
import { readFileSync } from 'node:fs';
import { satisfies } from 'semver';
import { expect, it } from 'vitest';

interface Locked {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly engines?: { readonly node?: string };
}

const root = new URL('../../', import.meta.url);
const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as {
  packages: Readonly<Record<string, Locked>>;
};
const installed = Object.entries(packages).filter(([, { dev, devOptional }]) => !dev && !devOptional);

it.each(['20.19.0', '22.12.0', '24.0.0'])('every installed package takes Node.js %s', (version) => {
  const refusing = installed.filter(([, { engines }]) => engines?.node && !satisfies(version, engines.node));
  expect(refusing.map(([path]) => path)).toEqual([]);
  expect(installed.length).toBeGreaterThan(100);
});
