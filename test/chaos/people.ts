/** The people of a run. None of them exists: their numbers are set aside for fiction, their names are made up. */
import { draw } from '../../simulator/draw.ts';

export interface Person {
  readonly phone_number: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
}

/** 555-0100 to 555-0199 in each of these belong to nobody. */
const AREAS = [
  201, 202, 206, 210, 212, 213, 214, 215, 216, 302, 303, 305, 310, 312, 313, 314, 401, 402, 404, 407, 408, 410, 412,
  414, 415, 501, 502, 503, 505, 507, 508, 510, 512, 515, 601, 602, 605, 608, 612, 614, 615, 616, 617, 701, 702, 703,
  704, 712, 713, 714, 717, 801, 802, 804, 808, 810, 812, 813, 816, 817,
];
const PER_AREA = 100;
export const MOST_PEOPLE = AREAS.length * PER_AREA;

export function person(index: number): Person {
  const area = AREAS[Math.floor(index / PER_AREA) % AREAS.length];
  return {
    phone_number: `+1${area}55501${String(index % PER_AREA).padStart(2, '0')}`,
    first_name: `Quillonby${index}`,
    last_name: `Marburesk${index}`,
    email: `quillonby${index}@mail.example`,
  };
}

/** Different people, who may well be in other campaigns, too. */
export function peopleOf(seed: string, campaign: string, count: number): Person[] {
  const first = Math.floor(draw(seed, 'people', campaign) * MOST_PEOPLE);
  return Array.from({ length: Math.min(count, MOST_PEOPLE) }, (_, index) => person((first + index) % MOST_PEOPLE));
}

/** How many people are in several campaigns of a run. */
const POPULAR = 40;

/** People who are in other campaigns, too. */
export function popularPeople(seed: string, count: number): Person[] {
  return peopleOf(seed, 'popular', Math.min(count, POPULAR));
}

const NAMED = /(?:quillonby|marburesk)\d+/i;
const NUMBERS = /(?<!\d)(?:1?)(\d{10})(?!\d)/g;
const NATIONAL: ReadonlySet<string> = new Set(
  Array.from({ length: MOST_PEOPLE }, (_, index) => person(index).phone_number.slice(2)),
);

/** The first name, e-mail address or phone number of one of these people in a text; null when there is none. */
export function personalDataIn(text: string): { readonly kind: 'name' | 'number'; readonly at: number } | null {
  const name = NAMED.exec(text);
  if (name) return { kind: 'name', at: name.index };
  for (const match of text.matchAll(NUMBERS)) {
    if (NATIONAL.has(match[1] ?? '')) return { kind: 'number', at: match.index };
  }
  return null;
}
