/** People and numbers that nobody has. */

const AREAS = [212, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 720];

/** +1 AAA 555 01NN: numbers set aside for fiction, 100 in each area code. */
export function fictitiousNumber(index: number): string {
  const area = AREAS[Math.floor(index / 100) % AREAS.length]!;
  return `+1${area}55501${String(index % 100).padStart(2, '0')}`;
}

export function fictitiousPerson(index: number) {
  return {
    phone_number: fictitiousNumber(index),
    first_name: `Givenname${index}`,
    last_name: `Familyname${index}`,
    email: `person${index}@example.test`,
  };
}
