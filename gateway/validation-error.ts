import { RingfenceError } from '../domain/errors.ts';

/** One finding of a schema, as the validator hands it to the error handler. */
interface Finding {
  /** `/contacts/3/phone_number` */
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

/** More would hardly be read, and a list of ten thousand wrong contacts would be a large answer. */
const MOST_ISSUES = 20;
/** Names of fields that are not ours are the caller's own words, and may be as long as the body. */
const LONGEST_NAME = 200;

/** Names the field of the first finding, and lists the others. */
export function validationError(findings: readonly Finding[]): RingfenceError {
  const issues = findings.slice(0, MOST_ISSUES).map(issueOf);
  const [first] = issues;
  return new RingfenceError('validation_error', first?.message ?? 'The request is not valid.', {
    ...(first?.field ? { field: first.field } : {}),
    details: { issues },
  });
}

function issueOf({ instancePath, keyword, message = 'is not valid', params }: Finding) {
  const parent = fieldName(instancePath);
  if (keyword === 'unrecognized_keys' && Array.isArray(params.keys)) {
    const field = shortened([parent, String(params.keys[0])].filter(Boolean).join('.'));
    return { field, message: `unknown field ${field}: correct its spelling or leave it out` };
  }
  const own = instancePath.slice(instancePath.lastIndexOf('/') + 1);
  return { field: parent, message: parent === '' || message.startsWith(own) ? message : `${parent}: ${message}` };
}

/** `contacts[3].phone_number`, as the caller would write it. */
function fieldName(instancePath: string): string {
  const parts = instancePath.split('/').filter(Boolean);
  return shortened(
    parts.map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`)).join(''),
  );
}

function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}
