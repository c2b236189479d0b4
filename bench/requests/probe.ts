/** What others see of the gateway meanwhile. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface HealthReport {
  /** Of all answers to `/healthz`, the one that was waited for longest. */
  readonly longestMs: number;
  readonly answers: number;
  readonly failures: number;
}

export class HealthProbe {
  readonly #process: ChildProcess;

  constructor(gatewayUrl: string) {
    const file = fileURLToPath(new URL('./probe-process.ts', import.meta.url));
    this.#process = fork(file, [gatewayUrl], { execArgv: ['--import', 'tsx'] });
  }

  /** Since the last report. */
  async report(): Promise<HealthReport> {
    const reported = once(this.#process, 'message');
    this.#process.send('report');
    const [report] = (await reported) as [HealthReport];
    return report;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    await exited;
  }
}
