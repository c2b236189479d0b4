/** The defaults stand in one place, and whatever repeats one says the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GatewayConfig } from '../../gateway/config.ts';
import { readConfig, WorkerConfig } from '../../worker/config.ts';
import { DEFAULTS } from '../../worker/defaults.ts';
import { composeFile } from '../support/probes/compose.ts';
import { filesBelow, PRODUCT, ROOT } from '../support/probes/sources.ts';

const read = (file: string) => readFileSync(`${ROOT}/${file}`, 'utf8');

/** The options of a program that have a default, by the name in `DEFAULTS`. */
const OPTIONS: readonly (readonly [file: string, option: string, value: string | number])[] = [
  ['gateway/ringfence-gateway.ts', 'taskQueue', DEFAULTS.taskQueue],
  ['gateway/ringfence-gateway.ts', 'host', DEFAULTS.gatewayHost],
  ['gateway/ringfence-gateway.ts', 'port', DEFAULTS.gatewayPort],
  ['gateway/ringfence-gateway.ts', 'bodyLimit', DEFAULTS.bodyLimit],
  ['gateway/ringfence-gateway.ts', 'requestsPerMinute', DEFAULTS.requestsPerMinute],
  ['gateway/ringfence-gateway.ts', 'databaseConnections', DEFAULTS.databaseConnections],
  ['worker/ringfence-worker.ts', 'taskQueue', DEFAULTS.taskQueue],
  ['worker/ringfence-worker.ts', 'databaseConnections', DEFAULTS.databaseConnections],
  ['worker/ringfence-worker.ts', 'maxDials', DEFAULTS.maxDials],
  ['worker/ringfence-worker.ts', 'callGraceMs', DEFAULTS.callGraceMs],
];

describe('a default', () => {
  it.each(OPTIONS)('of %s is what the comment of %s says', (file, option, value) => {
    const said = new RegExp(`@defaultValue \`(?<said>[^\`]*)\`[^\`]*\\n  readonly ${option}\\?`).exec(read(file));
    expect(said?.groups?.said).toBe(typeof value === 'string' ? `'${value}'` : String(value));
  });

  it('of every documented option is held to its value', () => {
    const documented = ['gateway/ringfence-gateway.ts', 'worker/ringfence-worker.ts'].flatMap((file) =>
      [...read(file).matchAll(/@defaultValue/g)].map(() => file),
    );
    expect(documented).toEqual(OPTIONS.map(([file]) => file));
  });

  it('is written nowhere else in the product', () => {
    const values = /(?<![\w.])(?:8_?080|8_?081|1_?200|10 \* 1024 \* 1024|10_?485_?760)(?![\w.])/;
    const found = PRODUCT.flatMap(filesBelow)
      .filter((file) => file !== 'worker/defaults.ts' && !file.startsWith('gateway/openapi/'))
      .filter((file) => values.test(read(file).replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '')));
    expect(found).toEqual([]);
  });

  it('is what the settings have where nothing is set', () => {
    const smallest = { DATABASE_URL: 'postgres://x' };
    expect(readConfig(GatewayConfig, smallest)).toMatchObject({
      RINGFENCE_HOST: '127.0.0.1',
      RINGFENCE_PORT: 8080,
      RINGFENCE_TASK_QUEUE: 'ringfence',
      RINGFENCE_BODY_LIMIT: 10_485_760,
      RINGFENCE_REQUESTS_PER_MINUTE: 1_200,
      RINGFENCE_DB_POOL: 20,
    });
    expect(readConfig(WorkerConfig, smallest)).toMatchObject({
      RINGFENCE_HEALTH_PORT: 8081,
      RINGFENCE_TASK_QUEUE: 'ringfence',
      RINGFENCE_MAX_DIALS: 200,
      RINGFENCE_CALL_GRACE: 90,
    });
  });

  it('is what docker-compose.yml and the examples take', () => {
    const { gateway, worker } = composeFile.services;
    const port = String(DEFAULTS.gatewayPort);
    expect(gateway?.environment?.RINGFENCE_PORT).toBe(port);
    expect(gateway?.ports).toEqual([`${DEFAULTS.gatewayHost}:${port}:${port}`]);
    expect(gateway?.healthcheck?.test.join(' ')).toContain(`:${port}/readyz`);
    expect(worker?.environment?.RINGFENCE_HEALTH_PORT).toBe(String(DEFAULTS.healthPort));
    expect(worker?.healthcheck?.test.join(' ')).toContain(`:${DEFAULTS.healthPort}/readyz`);
    expect(read('examples/own-provider/main.ts')).toContain(`RINGFENCE_PORT = '${port}'`);
    expect(read('examples/own-provider/main.ts')).toContain(`= '${DEFAULTS.taskQueue}'`);
    expect(read('examples/start-from-backend.ts')).toContain(`'http://${DEFAULTS.gatewayHost}:${port}/`);
  });
});
