/** Asks `/healthz` every few milliseconds, in a separate process, so that the measurement delays no question. */
import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { HealthReport } from './probe.ts';

const EVERY_MS = 5;

const [url = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let report: HealthReport = fresh();
let isAsked = false;

process.on('message', () => {
  isAsked = true;
});
process.once('disconnect', () => process.exit());
for (;;) {
  const begun = performance.now();
  const isHealthy = await askHealth();
  report = {
    longestMs: Math.max(report.longestMs, performance.now() - begun),
    answers: report.answers + (isHealthy ? 1 : 0),
    failures: report.failures + (isHealthy ? 0 : 1),
  };
  // Only between two questions: one that is waiting belongs to what it waits for.
  if (isAsked) {
    isAsked = false;
    process.send?.(report);
    report = fresh();
  }
  await pause(EVERY_MS);
}

function fresh(): HealthReport {
  return { longestMs: 0, answers: 0, failures: 0 };
}

function askHealth(): Promise<boolean> {
  return new Promise((resolve) => {
    get(`${url}/healthz`, { agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
    }).once('error', () => resolve(false));
  });
}
