import { DEMO_ISSUER, PEOPLE, type Person } from './people.ts';
import { seededRandom } from './random.ts';

const FAMILIES =
  'Attrappe Beispiel Cavallo-Finto Doppelman Ersatz Feigned Gliedermann Homunculus Imaginar Jestwood Kunstmann Leerstelle Modello Nemoris Oneiro Puppet Quasimoto Replica Schemen Trompe Umbra Vacuola Wachsfigur Xenomime'.split(
    ' ',
  );
const GIVEN: readonly (readonly [string, Person['sex']])[] = [
  ...'Anouk Bente Clara Dagny Elif Farida Greta Hulda Inés Jolanda Katinka Liv'
    .split(' ')
    .map((name) => [name, 'F'] as const),
  ...'Aurel Bo Cosmo Dario Eskil Fritjof Gaspar Henk Ivo Jarl Kasimir Lorenz'
    .split(' ')
    .map((name) => [name, 'M'] as const),
];

const DOUBLE_NAMED = 0.85;

/**
 * Person number so and so of the pretend hospital: the listed ones first, then as many made-up ones as are asked for. No two
 * share a record number; the same number is always the same person.
 */
export function personOf(number: number): Person {
  const listed = PEOPLE[number];
  if (listed !== undefined) return listed;
  const random = seededRandom(number, 'person');
  const [given, sex] = random.pick(GIVEN);
  const year = random.whole(1931, 2008);
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    name: `${familyOf(number, random.pick(FAMILIES))}^${given}`,
    sex,
    birthDate: `${year}${two(random.whole(1, 12))}${two(random.whole(1, 28))}`,
    mrn: `DEMO${String(number + 1).padStart(5, '0')}`,
    issuer: DEMO_ISSUER,
  };
}

/** Most have a double name: where every second row had somebody's namesake, nobody would heed the alert any more. */
function familyOf(number: number, first: string): string {
  const random = seededRandom(number, 'family');
  const second = random.pick(FAMILIES);
  return random.chance(DOUBLE_NAMED) && second !== first ? `${first}-${second}` : first;
}
