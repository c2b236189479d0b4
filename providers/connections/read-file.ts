/**
 * Reads the connections file. Everything wrong in it is reported at once, each with its line and its field. Secrets stand in
 * the environment or in files; one that is missing or wrong does not prevent other connections from being used.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { Carrier } from '../carrier.ts';
import { CARRIERS } from '../carriers.ts';
import type { Connection } from './connection.ts';
import { digest } from './digest.ts';
import { LOOK_UP_DEFAULTS } from './look-ups.ts';
import { type Path, readDocument } from './document.ts';
import { belowOf, inOurWords, type Problem, problemsOf } from './problems.ts';
import { type Env, isReference, type ReferenceContext, resolveReference } from './references.ts';
import { CommonFields, CONNECTION_NAME, ConnectionsFile } from './schema.ts';

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
  const document = readDocument(contentOf(file));
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

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
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
  if (!read.success) return { connections: [], problems: problemsOf(read.error, value, [], ['connections']) };
  // As they stand in the file: zod leaves out a connection with the name __proto__.
  const entries = Object.entries((value as { connections: Record<string, unknown> }).connections);
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
  stated: unknown,
  context: FileContext,
): { connection: Connection | null; problems: readonly Problem[] } {
  const path = ['connections', name];
  const problems = nameProblems(name, path);
  const { data: fields } = Fields.safeParse(stated);
  if (fields === undefined) {
    return { connection: null, problems: [...problems, { path, message: 'must be the fields of a connection' }] };
  }
  const common = CommonFields.safeParse(fields);
  if (!common.success) problems.push(...problemsOf(common.error, fields, path, []));
  else problems.push(...baseProblems(name, common.data, path));
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

const Fields = z.record(z.string(), z.unknown());

function noSuchCarrier(carriers: ReadonlyMap<string, Carrier>): string {
  return `must be one of the carriers ${[...carriers.keys()].join(', ')}`;
}

function nameProblems(name: string, path: Path): Problem[] {
  if (CONNECTION_NAME.test(name)) return [];
  const message = 'the name of a connection has 1 to 63 characters: small letters, digits and hyphens';
  return [{ path, message }];
}

/** The address that a carrier's own settings want is a likely mistake: webhooks would arrive where nobody takes them in. */
function baseProblems(name: string, { webhook_base_url: base }: CommonFields, path: Path): Problem[] {
  if (!base?.endsWith(webhookPath(name))) return [];
  const message = `must be the URL of the gateway: remove ${webhookPath(name)} from its end, which is added to it`;
  return [{ path: [...path, 'webhook_base_url'], message }];
}

const webhookPath = (name: string): string => `/webhooks/${name}`;

interface ReadSettings {
  readonly problems: readonly Problem[];
  /** Null if a secret is missing or wrong. */
  readonly settings: { readonly value: unknown } | null;
  readonly missing: readonly Missing[];
}

/** A reference that gives no secret here: it names nothing, or something that cannot be the secret. */
interface Missing {
  /** As it may be shown. */
  readonly reference: string;
  readonly field: string;
  readonly message: string;
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
  const missing: Missing[] = [];
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
    const issues = read.error.issues.filter((issue) => !faulty.has(belowOf(issue)[0]));
    const wrong = issues.flatMap((issue) => wrongSecret(issue, fields) ?? []);
    const ofFile = new z.ZodError(issues.filter((issue) => wrongSecret(issue, fields) === null));
    problems.push(...problemsOf(ofFile, Object.fromEntries(own), path, fieldsOf(carrier)));
    missing.push(...wrong);
  }
  return { problems, missing, settings: read.success && missing.length === 0 ? { value: read.data } : null };
}

/** What is wrong with the value that a reference names, and not with the file. Null: it is the file. */
function wrongSecret(issue: z.core.$ZodIssue, fields: Readonly<Record<string, unknown>>): Missing | null {
  const [field, index] = belowOf(issue);
  const stated = fields[String(field)];
  const reference: unknown = Array.isArray(stated) ? stated[Number(index)] : stated;
  if (!isReference(reference)) return null;
  return {
    reference,
    field: String(field),
    message: `is ${reference}, and its value is wrong: it ${inOurWords(issue)}`,
  };
}

function fieldsOf({ settings }: Carrier): string[] {
  const own = settings instanceof z.ZodObject ? Object.keys(settings.shape) : [];
  return [...Object.keys(CommonFields.shape), ...own];
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
  const webhookUrl = fields.webhook_base_url === undefined ? null : fields.webhook_base_url + webhookPath(name);
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
        throw new RingfenceError('misconfigured', `The connection ${name} cannot be used here. ${told}`, {
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
