/**
 * Which time zone names are taken. Stands apart from the offset look-up so that schemas which name a zone stay free of
 * the date library and can be used anywhere, the workflow sandbox included.
 */

/** The three-letter names that the IANA database itself defines; all others below are the runtime's own inventions. */
const IANA_THREE_LETTERS = new Set(
  ['CET', 'EET', 'EST', 'GMT', 'HST', 'MET', 'MST', 'PRC', 'ROC', 'ROK', 'UCT', 'UTC', 'WET'], // as of 2025c
);

/**
 * The zone's name when it is an IANA zone that this runtime knows, else null. Letter case is forgiven and put right
 * (`europe/berlin` becomes `Europe/Berlin`); an alias stays the alias that was written, because the runtime's idea of
 * the canonical name may be the older one (`Asia/Calcutta`).
 *
 * Refused though a runtime may take them: fixed offsets (`+02:00`), which do not follow daylight saving, and ICU's own
 * abbreviations, which do not mean what people expect (`BST` is Dhaka, `IST` is Calcutta, `AST` is Anchorage).
 */
export function canonicalZoneName(name: string): string | null {
  if (name.length > LONGEST_ZONE_NAME) return null;
  const known = asked.get(name);
  if (known !== undefined) return known;
  const canonical = lookUp(name);
  if (asked.size >= NAMES_KEPT) asked.clear();
  asked.set(name, canonical);
  return canonical;
}

/** No name in the IANA database comes near it. */
export const LONGEST_ZONE_NAME = 64;

/** Answers given lately, also to names that are no zone: the runtime takes longer to say so than all else of a contact. */
const asked = new Map<string, string | null>();
const NAMES_KEPT = 2_000;

function lookUp(name: string): string | null {
  if (!/^[A-Za-z]/.test(name) || /^SystemV\//i.test(name)) return null;
  if (name.length === 3 && !IANA_THREE_LETTERS.has(name.toUpperCase())) return null;
  try {
    const resolved = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
    return resolved.toLowerCase() === name.toLowerCase() ? resolved : name;
  } catch {
    return null;
  }
}
