import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Both outputs are appended here. */
  readonly logFile: string;
  /** Runs as this user instead of the present one; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asks the program for an orderly end. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT';
}

/** A server that runs beside this process and never outlives it. */
export interface Child {
  readonly pid: number;
  /** Resolves to a description of the end, such as `exit code 1`. */
  readonly exited: Promise<string>;
  /** Asks for an orderly end, then insists. Resolves once the process is gone; harmless when it already is. */
  stop(): Promise<void>;
  /** Ends the process at once, as a crash would (SIGKILL). Resolves once it is gone. */
  kill(): Promise<void>;
}

/** A server that has not closed its files by then hangs, and its next start will recover. */
const GRACE_MS = 10_000;

/**
 * Waits for its standard input to end, which happens however this process ends, and then ends the child. A line on the
 * input means that the child is gone already and its number may soon belong to another process.
 */
const GUARD = `
read -r _ && exit 0
kill -s "$2" "$1" || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10; do
  kill -0 "$1" || exit 0
  sleep 1
done
kill -s KILL "$1"`;

/**
 * Starts a server process in a separate process group, so that Ctrl-C reaches only us and we can stop things in
 * order, with a guard that ends it if we die without doing so.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { stopSignal = 'SIGTERM' } = options;
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  let process_: ChildProcess;
  try {
    process_ = spawn(options.command, options.args, {
      stdio: ['ignore', log, log],
      detached: true,
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...options.user,
    });
  } finally {
    closeSync(log);
  }
  const exited = new Promise<string>((resolve) => {
    process_.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  await new Promise<void>((resolve, reject) => {
    process_.once('spawn', resolve);
    process_.once('error', (error) => reject(new Error(`${options.command} cannot be run: ${error.message}`)));
  });
  const pid = process_.pid!;
  guard(pid, stopSignal, exited);

  return {
    pid,
    exited,
    async stop() {
      process_.kill(stopSignal);
      const insist = setTimeout(() => process_.kill('SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(insist);
    },
    async kill() {
      process_.kill('SIGKILL');
      await exited;
    },
  };
}

function guard(pid: number, stopSignal: string, exited: Promise<string>): void {
  const watcher = spawn('sh', ['-c', GUARD, 'guard', String(pid), stopSignal.replace('SIG', '')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell there is no guard; stopping in order still works.
  watcher.once('error', () => {});
  watcher.stdin.once('error', () => {});
  watcher.unref();
  void exited.then(() => watcher.stdin.end('\n'));
}
