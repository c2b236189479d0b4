/**
 * Reads the connections file. Everything wrong in it is reported at once, each with its line and its field. Secrets stand in
 * the environment or in files; one that is missing does not prevent other connections from being used.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { Carrier } from '../carrier.ts';
import { CARRIERS } from '../carriers.ts';
import type { Connection } from './connection.ts';
import { digest } from './digest.ts';
import { LOOK_UP_DEFAULTS } from './look-ups.ts';
import { type Path, readDocument } from './document.ts';
import { type Env, isReference, type ReferenceContext, resolveReference } from './references.ts';
import { CommonFields, CONNECTION_NAME, ConnectionsFile } from './schema.ts';

interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** A value at fault in the file. `field` is its path: `connections.clinic-us.countries`. */
interface LocatedProblem {
  readonly line: number;
  readonly field: string;
  readonly message: string;
}

/**
 * @param carriers those that the field `provider` may name
 * @throws RingfenceError `misconfigured`, which names every value at fault; `details.problems` lists them
 */
export function readConnectionsFile(
  file: string,
  env: Env,
  carriers: ReadonlyMap<string, Carrier> = CARRIERS,
): Connection[] {
  const document = readDocument(textOf(file));
  if (!('value' in document)) {
    throw wrongFile(
      file,
      document.map((problem) => ({ ...problem, field: '' })),
    );
  }
  const { connections, problems } = readConnections(document.value, { env, folder: dirname(file), carriers });
  if (problems.length === 0) return connections;
  const located = problems.map(({ path, message }) => ({
    line: document.lineOf(path),
    field: path.join('.'),
    message,
  }));
  throw wrongFile(
    file,
    located.sort((a, b) => a.line - b.line),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    const message = `The connections file ${file} cannot be read (${reason}): correct RINGFENCE_CONNECTIONS.`;
    throw new RingfenceError('misconfigured', message, { field: 'RINGFENCE_CONNECTIONS', cause: error });
  }
}

function wrongFile(file: string, problems: readonly LocatedProblem[]): RingfenceError {
  const told = problems.map(({ line, field, message }) =>
    [`${file}:${line}:`, field, message].filter(Boolean).join(' '),
  );
  const message = `The connections file must be corrected. ${told.join('; ')}`;
  return new RingfenceError('misconfigured', message, { field: 'RINGFENCE_CONNECTIONS', details: { file, problems } });
}

interface FileContext extends ReferenceContext {
  readonly carriers: ReadonlyMap<string, Carrier>;
}

function readConnections(
  value: unknown,
  context: FileContext,
): { connections: Connection[]; problems: readonly Problem[] } {
  const read = ConnectionsFile.safeParse(value);
  if (!read.success) return { connections: [], problems: problemsOf(read.error, value, []) };
  const entries = Object.entries(read.data.connections);
  if (entries.length === 0) {
    return { connections: [], problems: [{ path: ['connections'], message: 'must contain at least one connection' }] };
  }
  const all = entries.map(([name, fields]) => readConnection(name, fields, context));
  return {
    connections: all.flatMap(({ connection }) => connection ?? []),
    problems: all.flatMap(({ problems }) => problems),
  };
}

function readConnection(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  context: FileContext,
): { connection: Connection | null; problems: readonly Problem[] } {
  const path = ['connections', name];
  const common = CommonFields.safeParse(fields);
  const problems = [...nameProblems(name, path), ...(common.success ? [] : problemsOf(common.error, fields, path))];
  const carrier = typeof fields.provider === 'string' ? context.carriers.get(fields.provider) : undefined;
  if (carrier === undefined) {
    if (typeof fields.provider === 'string') {
      problems.push({ path: [...path, 'provider'], message: noSuchCarrier(context.carriers) });
    }
    return { connection: null, problems };
  }
  const settings = readSettings(carrier, fields, path, context);
  problems.push(...settings.problems);
  if (!common.success || problems.length > 0) return { connection: null, problems };
  return { connection: toConnection(name, common.data, carrier, settings), problems };
}

function noSuchCarrier(carriers: ReadonlyMap<string, Carrier>): string {
  return `must be one of the carriers ${[...carriers.keys()].join(', ')}`;
}

function nameProblems(name: string, path: Path): Problem[] {
  if (CONNECTION_NAME.test(name)) return [];
  const message = 'the name of a connection has 1 to 63 characters: small letters, digits and hyphens';
  return [{ path, message }];
}

interface ReadSettings {
  readonly problems: readonly Problem[];
  /** Null if a secret is missing. */
  readonly settings: { readonly value: unknown } | null;
  readonly missing: readonly { readonly reference: string; readonly field: string; readonly message: string }[];
}

/** The carrier's own fields, with references replaced by what they name. */
function readSettings(
  carrier: Carrier,
  fields: Readonly<Record<string, unknown>>,
  path: Path,
  context: ReferenceContext,
): ReadSettings {
  const own = Object.entries(fields).filter(([field]) => !Object.hasOwn(CommonFields.shape, field));
  const problems: Problem[] = own
    .filter(([field, value]) => carrier.secrets.includes(field) && containsSecret(value))
    .map(([field]) => ({ path: [...path, field], message: WRITTEN_SECRET }));
  const missing: ReadSettings['missing'][number][] = [];
  const resolved = own.map(([field, value]): [string, unknown] => {
    const resolve = (item: unknown): unknown => {
      if (!isReference(item)) return item;
      const found = resolveReference(item, context);
      if ('value' in found) return found.value;
      missing.push({ reference: found.shown, field, message: found.missing });
      return undefined;
    };
    return [field, Array.isArray(value) ? value.map(resolve) : resolve(value)];
  });
  const faulty = new Set([...problems.map((problem) => problem.path.at(-1)), ...missing.map(({ field }) => field)]);
  const read = carrier.settings.safeParse(Object.fromEntries(resolved));
  if (!read.success) {
    const told = problemsOf(read.error, Object.fromEntries(own), path);
    problems.push(...told.filter((problem) => !faulty.has(problem.path[path.length])));
  }
  return { problems, missing, settings: read.success && missing.length === 0 ? { value: read.data } : null };
}

const WRITTEN_SECRET =
  'is a secret written in the file: put it into a variable of the environment and write env:NAME, or into a file and write file:PATH';

function containsSecret(value: unknown): boolean {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.some((item) => item !== null && !isReference(item));
}

function toConnection(
  name: string,
  fields: CommonFields,
  carrier: Carrier,
  { settings, missing }: ReadSettings,
): Connection {
  const webhookUrl = fields.webhook_base_url === undefined ? null : `${fields.webhook_base_url}/webhooks/${name}`;
  return {
    name,
    provider: carrier.name,
    callsPerSecond: fields.calls_per_second ?? carrier.callsPerSecond,
    maxConcurrentCalls: fields.max_concurrent_calls ?? null,
    countries: fields.countries,
    numberTypes: fields.number_types,
    accounts: fields.accounts ?? null,
    agents: fields.agents ?? null,
    callerNumbers: fields.caller_numbers ?? null,
    webhookUrl,
    lookUpAfterMs:
      fields.look_up_after_seconds === undefined
        ? LOOK_UP_DEFAULTS.lookUpAfterMs
        : Math.round(fields.look_up_after_seconds * 1000),
    lookUpsPerMinute: fields.look_ups_per_minute ?? LOOK_UP_DEFAULTS.lookUpsPerMinute,
    madeFor: settings === null ? null : digest([carrier.name, settings.value, webhookUrl, fields.caller_numbers]),
    missingSecrets: missing.map(({ reference }) => reference),
    open() {
      if (settings === null) {
        const told = missing.map(({ field, message }) => `${field} ${message}`).join('; ');
        throw new RingfenceError('misconfigured', `The connection ${name} has no secrets here. ${told}`, {
          field: missing[0]?.field ?? name,
        });
      }
      return carrier.create(settings.value, {
        webhookUrl: webhookUrl ?? undefined,
        callerNumbers: fields.caller_numbers,
      });
    },
  };
}

/** What zod says, in a form that names the field and never the value. */
function problemsOf(error: z.ZodError, value: unknown, path: Path): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const below = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    const at = [...path, ...below];
    if (issue.code === 'unrecognized_keys') {
      const message = 'is not a field of such a connection: correct its spelling, or remove it';
      return issue.keys.map((key) => ({ path: [...at, key], message }));
    }
    const isMissing = issue.code !== 'custom' && below.length === 1 && isAbsent(value, below[0]!);
    return [{ path: at, message: isMissing ? whatIsMissing(issue.message) : issue.message }];
  });
}

/** Messages of our schemas say what a field must be; those of zod speak of its input. */
function whatIsMissing(message: string): string {
  return message.startsWith('must ') ? `is missing: it ${message}` : 'is missing: add it';
}

function isAbsent(value: unknown, field: string | number): boolean {
  return typeof value === 'object' && value !== null && (value as Record<string, unknown>)[field] === undefined;
}
