// Plain JavaScript on purpose: what starts from here should not load a compiler first.
//
// The program as JavaScript. A process that compiles its sources as it loads them spends a second on it, every time. So the
// sources are compiled together once, and the result is kept in the clone under a name made of everything that went into it.
// A change of any source gives another name: an old result is never found again.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const KEPT = join('.ringfence', 'program');
const PROJECT = 'tsconfig.build.json';
const COMPILER = join('node_modules', 'typescript');
/** The program reads these as they are. */
const MIGRATIONS = join('db', 'migrations');
/** Older results, which a process that was started before a change may still be loading from. */
const MOST_KEPT = 4;

/**
 * Compiles the program unless that has been done since the last change.
 *
 * @param {string} [root] folder of the sources. Default: this clone.
 * @returns {string} the folder of the result, laid out as the sources are: `worker/main.js` for `worker/main.ts`
 */
export function compiledProgram(root = ROOT) {
  const kept = join(root, KEPT);
  for (;;) {
    const key = keyOf(root);
    const program = join(kept, key);
    if (markUsed(program)) return program;
    const draft = draftIn(kept);
    try {
      compile(root, draft);
      // What was changed while it was compiled may or may not be in it: then once more.
      if (keyOf(root) === key) {
        moveInto(draft, program);
        removeOldest(kept);
      }
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
}

/** @param {string} kept */
function draftIn(kept) {
  try {
    mkdirSync(kept, { recursive: true });
    return mkdtempSync(join(kept, 'draft-'));
  } catch (error) {
    const message = `The compiled program is kept in ${kept}, which must be a writable folder: ${error.message}`;
    throw new Error(message, { cause: error });
  }
}

/** @param {string} root */
function keyOf(root) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of [PROJECT, 'tsconfig.json', join(COMPILER, 'package.json')]) add(file);
  const { include } = JSON.parse(readFileSync(join(root, PROJECT), 'utf8'));
  for (const folder of [...include, MIGRATIONS]) {
    const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const path of paths.filter((path) => /\.(?:ts|sql)$/.test(path)).sort()) add(join(folder, path));
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * @param {string} root
 * @param {string} draft
 */
function compile(root, draft) {
  // Types are another matter, and another command's: here a source runs as it is.
  const options = ['--declaration', 'false', '--noCheck', '--noEmitOnError', 'false', '--outDir', draft];
  const args = [join(root, COMPILER, 'bin', 'tsc'), '--project', join(root, PROJECT), ...options];
  const { status, error, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The sources cannot be compiled: ${error?.message ?? stdout.trim()}`);
  cpSync(join(root, MIGRATIONS), join(draft, MIGRATIONS), { recursive: true });
}

/**
 * Moved into place when it is whole: others may be looking for it at this moment, and one of them may have been quicker.
 *
 * @param {string} draft
 * @param {string} program
 */
function moveInto(draft, program) {
  try {
    renameSync(draft, program);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}

/**
 * Whether the result is there. If it is, its time says that it is still in use.
 *
 * @param {string} program
 */
function markUsed(program) {
  try {
    utimesSync(program, new Date(), new Date());
    return true;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
    // Another user's, or on a disk that cannot be written: it runs all the same.
    if (error.code === 'EPERM' || error.code === 'EACCES' || error.code === 'EROFS') return true;
    throw error;
  }
}

/** @param {string} kept */
function removeOldest(kept) {
  const results = readdirSync(kept)
    .map((name) => join(kept, name))
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedAt - a.usedAt);
  for (const { path } of results.slice(MOST_KEPT)) rmSync(path, { recursive: true, force: true });
}
