/** Which numbers may be called: by country and by kind. A connection names both, and nothing else is dialled. */
import { RingfenceError } from '../engine/errors.ts';
import { NO_COUNTRY, type NumberFacts, numberFacts, type NumberKind } from './number-kind.ts';

/** The numbers that one connection allows. */
export interface AllowedNumbers {
  /** The name of the connection, for messages. Null: no connection is known. */
  readonly name: string | null;
  /** Null: every country. */
  readonly countries: readonly string[] | null;
  /** Null: the usual kinds. */
  readonly numberTypes: readonly NumberKind[] | null;
}

export type NumberProblem = 'country_not_allowed' | 'number_type_not_allowed';

/** Why a number is not allowed. The message names no number. */
export interface NumberRefusal {
  readonly reason: NumberProblem;
  readonly message: string;
  readonly details: { readonly country: string | null; readonly number_types?: readonly NumberKind[] };
}

/**
 * What may be called where nobody names kinds: numbers at which a person answers and that cost the caller the usual
 * price. Satellite, premium-rate, shared-cost and personal numbers cost more, pagers and mailboxes are no people, and
 * what an unknown number costs is unknown.
 */
export const USUAL_KINDS = [
  'mobile',
  'fixed_line',
  'voip',
  'toll_free',
  'uan',
] as const satisfies readonly NumberKind[];

/** The kinds that a connection allows. */
export function allowedKinds({ numberTypes }: Pick<AllowedNumbers, 'numberTypes'>): readonly NumberKind[] {
  return numberTypes ?? USUAL_KINDS;
}

/**
 * Decides whether a connection allows a number. Null: it does. The kind decides first where the numbering plan names no
 * country.
 */
export function numberRefusal(allowed: AllowedNumbers, { country, kinds }: NumberFacts): NumberRefusal | null {
  const { name, countries } = allowed;
  const subject = name === null ? 'The defaults do' : `The connection ${name} does`;
  const belongs = country !== null && country !== NO_COUNTRY;
  const countryAllowed = countries === null || (country !== null && countries.includes(country));
  if (belongs && !countryAllowed) {
    return {
      reason: 'country_not_allowed',
      message: `${subject} not allow calls to ${country}: add it to "countries" (TRUEDY_COUNTRIES) if calls there are intended.`,
      details: { country },
    };
  }
  if (!kinds.some((kind) => allowedKinds(allowed).includes(kind))) {
    return {
      reason: 'number_type_not_allowed',
      message: `${subject} not allow calls to numbers of the kind ${kinds.join(' or ')}: add it to "number_types" (TRUEDY_NUMBER_TYPES) if such calls are intended.`,
      details: { country, number_types: kinds },
    };
  }
  if (countryAllowed) return null;
  return {
    reason: 'country_not_allowed',
    message: `${subject} not allow calls to numbers that belong to no country: add "${NO_COUNTRY}" to "countries" (TRUEDY_COUNTRIES) if such calls are intended.`,
    details: { country },
  };
}

/** Where no connection is known. */
const USUAL: AllowedNumbers = { name: null, countries: null, numberTypes: null };

/**
 * Decides about a number whose connection is not known yet. Null: at least one of them allows it. The reason is that of a
 * connection which allows its country, if there is one. Without connections, the usual kinds of numbers are allowed.
 */
export function refusalByAll(connections: readonly AllowedNumbers[], facts: NumberFacts): NumberRefusal | null {
  let nearest: NumberRefusal | null = null;
  for (const connection of connections.length === 0 ? [USUAL] : connections) {
    const refusal = numberRefusal(connection, facts);
    if (refusal === null) return null;
    if (nearest === null || nearest.reason === 'country_not_allowed') nearest = refusal;
  }
  return nearest;
}

/**
 * Refuses a number that none of the connections allows.
 *
 * @param e164 a number in strict E.164 form
 * @param field the input that contains it, for the error
 * @throws RingfenceError `country_not_allowed` or `number_type_not_allowed`
 */
export function assertAllowed(connections: readonly AllowedNumbers[], e164: string, field: string): void {
  const refusal = refusalByAll(connections, numberFacts(e164));
  if (refusal !== null) throw notAllowed(refusal, field);
}

/** The error for a number of a request. */
export function notAllowed({ reason, message, details }: NumberRefusal, field: string): RingfenceError {
  return new RingfenceError(reason satisfies 'country_not_allowed' | 'number_type_not_allowed', message, {
    field,
    details,
  });
}

/**
 * Decides about the number of a phone field that is being read. Null: it is accepted. `premium_rate` is the word for such
 * a number where no connection names the kinds that it allows.
 */
export type NumberRule = (facts: NumberFacts) => NumberRefusal | { readonly reason: 'premium_rate' } | null;

/** Accepts numbers that at least one of the connections allows. */
export function allowedByAny(connections: readonly AllowedNumbers[]): NumberRule {
  const kindsNamed = connections.some(({ numberTypes }) => numberTypes !== null);
  return (facts) => {
    const refusal = refusalByAll(connections, facts);
    const isPremium = refusal?.reason === 'number_type_not_allowed' && facts.kinds.includes('premium_rate');
    return isPremium && !kindsNamed ? { reason: 'premium_rate' } : refusal;
  };
}

/** Accepts every number, for lists of numbers that are not called. */
export const anyNumber: NumberRule = () => null;

/** The same where somebody types the number: one that no numbering plan contains must be of use to some connection. */
export function anyNumberThatMayExist(connections: readonly AllowedNumbers[]): NumberRule {
  const rule = allowedByAny(connections);
  return (facts) => (facts.kinds.includes('unknown') ? rule(facts) : null);
}
