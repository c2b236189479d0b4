// Plain JavaScript on purpose: it runs before any dependency is there.
//
// Brings node_modules to what package-lock.json asks for, and is silent when it already is. Compared by content, not by
// time, because a checkout or a copied folder changes times freely.
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest Node that has all that Ringfence uses, as in package.json's "engines". */
const OLDEST_NODE = [20, 19];
const WAIT_FOR_OTHER_MS = 500;

/**
 * @param {string} version as in process.versions.node
 * @returns {string | null} what to tell the user, or null when the version will do
 */
function nodeTooOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `Ringfence needs Node.js ${OLDEST_NODE.join('.')} or newer, and this is ${version}. Install a newer one from https://nodejs.org and run the command again.`;
}

/**
 * Whether an installation satisfies the lock. Optional packages for other platforms may be missing; anything else that
 * is missing, extra or of another version or content may not.
 *
 * @param {string} lock text of package-lock.json
 * @param {string | null} installed text of node_modules/.package-lock.json, which npm writes last
 */
function isInstalled(lock, installed) {
  if (installed === null) return false;
  const wanted = JSON.parse(lock).packages;
  const found = JSON.parse(installed).packages;
  const same = (/** @type {string} */ path) =>
    found[path]
      ? found[path].version === wanted[path].version && found[path].integrity === wanted[path].integrity
      : wanted[path].optional === true;
  return (
    Object.keys(wanted).every((path) => path === '' || same(path)) && Object.keys(found).every((path) => path in wanted)
  );
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Takes the lock or returns false while a living process has it. The file appears together with its content (a hard link
 * to a finished file), so that nobody reads a lock without an owner.
 *
 * @param {string} lockFile
 */
function takeLock(lockFile) {
  const mine = `${lockFile}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, lockFile);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const owner = Number(readIfThere(lockFile) ?? 0);
    if (owner === 0 || isAlive(owner)) return false;
  } finally {
    rmSync(mine, { force: true });
  }
  rmSync(lockFile, { force: true });
  return takeLock(lockFile);
}

/** @param {string} root */
function ensureInstalled(root) {
  const upToDate = () =>
    isInstalled(
      readFileSync(join(root, 'package-lock.json'), 'utf8'),
      readIfThere(join(root, 'node_modules', '.package-lock.json')),
    );
  if (upToDate()) return 0;

  mkdirSync(join(root, '.ringfence'), { recursive: true });
  const lockFile = join(root, '.ringfence', 'install.lock');
  for (let told = false; !takeLock(lockFile); told = true) {
    if (!told) console.error('Another process is installing the dependencies: waiting for it.');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_FOR_OTHER_MS);
  }
  try {
    if (upToDate()) return 0;
    console.error('Installing the dependencies named in package-lock.json (npm ci).');
    // What starts and tests everything is needed only here, and a machine for production leaves such packages out.
    const npm = spawnSync('npm', ['ci', '--include=dev', '--loglevel=error', '--no-progress'], {
      cwd: root,
      // Standard output belongs to the command that asked for the installation.
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    if (npm.status === 0) return 0;
    console.error(
      `npm ci failed (${npm.error?.message ?? `exit code ${npm.status}`}): see its messages above. Ringfence needs npm and a reachable npm registry for its first start.`,
    );
    return npm.status || 1;
  } finally {
    rmSync(lockFile, { force: true });
  }
}

const tooOld = nodeTooOld(process.versions.node);
if (tooOld) console.error(tooOld);
process.exitCode = tooOld ? 1 : ensureInstalled(fileURLToPath(new URL('..', import.meta.url)));
