/** `npm start` as a user runs it, watched from outside. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { nextId, nextTaskQueue } from '../factories/ids.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const POLL_MS = 50;

/** This variable finds the processes of one start, whatever their parent. */
const MARK = 'RINGFENCE_TEST_START';

/** An exit code, or the signal that ended it. */
type End = number | NodeJS.Signals | null;

export class NpmStart {
  readonly #npm: ChildProcess;
  readonly #mark = `${process.pid}-${nextId('start')}`;
  readonly #ended: Promise<End>;
  #output = '';

  /** In a separate process group, as a shell would start it. */
  constructor(args: readonly string[], databaseUrl: string | undefined) {
    this.#npm = spawn('npm', ['start', '--', ...args], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        [MARK]: this.#mark,
        RINGFENCE_TASK_QUEUE: nextTaskQueue(),
        ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      },
    });
    for (const stream of [this.#npm.stdout, this.#npm.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.#ended = new Promise((resolve) => this.#npm.once('close', (code, signal) => resolve(code ?? signal)));
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves once it has said this; rejects when it ends before. */
  async untilSaid(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      if (this.#npm.exitCode !== null) throw new Error(`npm start ended before it said "${text}":\n${this.#output}`);
      await pause(POLL_MS);
    }
  }

  /** How npm ended, once nobody writes to its output any more. */
  ended(): Promise<End> {
    return this.#ended;
  }

  /** What a terminal does on Ctrl-C: the signal goes to npm and to everything it runs in the foreground. */
  pressCtrlC(): void {
    process.kill(-this.#npm.pid!, 'SIGINT');
  }

  /** Processes of this start that run now, as `pid command`. PostgreSQL's are not found: it hides its environment. */
  processes(): string[] {
    const listed = execFileSync('ps', ['axeww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 });
    return listed
      .split('\n')
      .filter((line) => line.includes(`${MARK}=${this.#mark}`))
      .map((line) => line.trim());
  }

  killProcess(command: string): void {
    const found = this.processes().find((line) => line.includes(command));
    if (found === undefined) throw new Error(`no process runs ${command}`);
    process.kill(Number.parseInt(found, 10), 'SIGKILL');
  }

  /** For a test that failed on the way: ends whatever is left. */
  async cleanUp(): Promise<void> {
    for (const line of this.processes()) {
      try {
        process.kill(Number.parseInt(line, 10), 'SIGTERM');
      } catch {
        // It has ended meanwhile.
      }
    }
    await this.#ended;
  }
}
