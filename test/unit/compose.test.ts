import { existsSync, readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, it } from 'vitest';
import { GatewayConfig } from '../../gateway/config.ts';
import { TruedyEnv } from '../../providers/from-env.ts';
import { WorkerConfig } from '../../worker/config.ts';
import { campaignWorkerOptions, dialWorkerOptions, type WorkerSetting } from '../../worker/options.ts';
import composeSpec from '../cases/compose-spec.json' with { type: 'json' };
import {
  composeFile,
  composeHeader,
  composeVariables,
  ownServices,
  mainOf,
  type ComposeService,
} from '../support/probes/compose.ts';

const services = Object.entries(composeFile.services);

/** Read by the environment configuration of Temporal's SDK. */
const TEMPORAL = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
const simulatorMain = readFileSync(new URL('../../simulator/main.ts', import.meta.url), 'utf8');
const simulatorFlags = [...simulatorMain.matchAll(/^ {2}'?([a-z-]+)'?: \{ type: 'string' \}/gm)].map(
  (match) => match[1]!,
);

/** The variables that each of our processes reads. */
const READ: Readonly<Record<string, readonly string[]>> = {
  gateway: [...TEMPORAL, ...Object.keys({ ...GatewayConfig.shape, ...TruedyEnv.shape })],
  worker: [...TEMPORAL, ...Object.keys({ ...WorkerConfig.shape, ...TruedyEnv.shape })],
  migrate: ['DATABASE_URL'],
  simulator: simulatorFlags.map((flag) => `SIMULATOR_${flag.toUpperCase().replaceAll('-', '_')}`),
};

describe('docker-compose.yml', () => {
  it('is what the Compose Specification allows', () => {
    // The schema names its dialect and itself in an older way than Ajv takes; its formats are Docker's own.
    const { $schema: _, ...schema } = composeSpec;
    const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).removeKeyword('id');
    ajv.validate(schema, composeFile);
    expect(ajv.errors).toBeNull();
  });

  it('tells its reader of every variable that it takes', () => {
    expect(composeVariables.filter((name) => !composeHeader.includes(name))).toEqual([]);
  });

  it('waits only for what there is and what can come true', () => {
    const impossible = services.flatMap(([name, service]) =>
      Object.entries(service.depends_on ?? {})
        .filter(([other, { condition }]) => !canComeTrue(composeFile.services[other], condition))
        .map(([other, { condition }]) => `${name} waits for ${other}: ${condition}`),
    );
    expect(impossible).toEqual([]);
  });

  it('pins every image that it does not build', () => {
    const images = services.filter(([, service]) => !service.build).map(([, service]) => service.image);
    expect(images.filter((image) => !/^[\w/-]+:\d+\.\d+(?:\.\d+)?$/.test(image ?? ''))).toEqual([]);
  });

  it('publishes ports on the loopback interface alone', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
  });

  it('lets any number of workers run', () => {
    const { worker } = composeFile.services;
    expect(worker).not.toHaveProperty('container_name');
    expect(worker).not.toHaveProperty('ports');
  });

  it('waits longer for a stopping worker than the worker waits for its calls', () => {
    const setting = {} as WorkerSetting;
    for (const { shutdownGraceTime } of [
      campaignWorkerOptions(setting, { code: '' }),
      dialWorkerOptions(setting, 'truedy'),
    ]) {
      const graceMs = inSeconds(composeFile.services.worker?.stop_grace_period) * 1_000;
      expect(graceMs).toBeGreaterThan(Number(shutdownGraceTime));
    }
  });

  it.each(ownServices)('%s sets only what it reads', (name, service) => {
    const unread = Object.keys(service.environment ?? {}).filter((variable) => !READ[name]?.includes(variable));
    expect(unread).toEqual([]);
  });

  it.each(ownServices)('%s runs a main file as the build leaves it', (_, service) => {
    const [, source] = /^dist\/(\w+\/main)\.js$/.exec(mainOf(service))!;
    expect(existsSync(new URL(`../../${source}.ts`, import.meta.url))).toBe(true);
  });
});

function inSeconds(duration: unknown): number {
  const seconds = /^(\d+)s$/.exec(String(duration))?.[1];
  if (seconds === undefined) throw new Error(`not in seconds: ${String(duration)}`);
  return Number(seconds);
}

function canComeTrue(service: ComposeService | undefined, condition: string): boolean {
  if (condition === 'service_healthy') return service?.healthcheck !== undefined;
  // One that is started again whenever it ends never counts as completed.
  if (condition === 'service_completed_successfully') return service?.restart?.startsWith('on-failure') === true;
  return service !== undefined;
}

describe('Dockerfile', () => {
  it('stands on a pinned image and does not run as root', () => {
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    const images = [...dockerfile.matchAll(/^FROM (.+)$/gm)].map(([, image]) => image);
    expect(images.filter((image) => !/^node:\d+\.\d+\.\d+-slim(?: AS build)?$/.test(image!))).toEqual([]);
    expect(images).toHaveLength(2);
    expect(dockerfile).toMatch(/^USER (?!root)\w+$/m);
  });
});
