import { PEOPLE } from './people.ts';
import { BLEED_KINDS, type BleedWish } from './phantoms/bleed.ts';
import type { HeadCtStudyWish } from './phantoms/head-ct-series.ts';
import { type Random, seededRandom } from './random.ts';

/** A study that will be acquired: how long after the one before, and what it shows. */
export type Arrival = { readonly afterMs: number; readonly wish: Omit<HeadCtStudyWish, 'atMs'> };

/** The first few come quickly, so that a newcomer's list is not empty. */
const QUICK_ARRIVALS = 6;
const QUICK_MS = 4_000;
/** Every so many arrivals one has a bleed, the first among them. */
const BLEED_EVERY = 4;
/** One that the reference algorithm sees. Of the later ones it misses some, as its card says: a demo does not hide that. */
const FIRST_BLEED: BleedWish = { kind: 'intraparenchymal', volumeMl: 28 };
/** Old studies of the same people, the same at every start: sent again they are recognised. */
const PRIORS: readonly { readonly person: number; readonly at: string }[] = [
  { person: 0, at: '2025-03-04T08:12:00Z' },
  { person: 2, at: '2024-11-19T15:40:00Z' },
  { person: 4, at: '2025-06-30T22:05:00Z' },
  { person: 9, at: '2023-09-12T10:31:00Z' },
];
const PRIOR_SEED = 7_000;

/** Arrivals without end; the same seed gives the same people, findings and order. */
export function* planArrivals(plan: { readonly seed: number; readonly everyMs: number }): Generator<Arrival, never> {
  for (let number = 0; ; number += 1) {
    const random = seededRandom(plan.seed + number, 'arrival');
    const person = PEOPLE[number % PEOPLE.length];
    if (person === undefined) throw new Error('the pretend hospital has no people');
    yield {
      afterMs: number === 0 ? 0 : number < QUICK_ARRIVALS ? QUICK_MS : plan.everyMs,
      wish: {
        seed: (plan.seed % 1_000_000) * 1_000 + number,
        person,
        accession: `D${(plan.seed % 1_000_000) * 1_000 + number}`,
        accessionIssuer: 'WETREAD-DEMO',
        studyDescription: random.pick(['CT HEAD WITHOUT CONTRAST', 'CT Head wo', 'CT CRANIUM NATIVE']),
        bleed: number === 0 ? FIRST_BLEED : number % BLEED_EVERY === 0 ? bleed(random) : null,
        withThinBone: random.chance(0.3),
      },
    };
  }
}

/** What the hospital's archive holds of its people from years before. */
export function planPriors(): readonly HeadCtStudyWish[] {
  return PRIORS.flatMap(({ person, at }, index) => {
    const known = PEOPLE[person];
    if (known === undefined) return [];
    return {
      seed: PRIOR_SEED + index,
      atMs: Date.parse(at),
      person: known,
      accession: `P${PRIOR_SEED + index}`,
      accessionIssuer: 'WETREAD-DEMO',
      studyDescription: 'CT HEAD WITHOUT CONTRAST',
      bleed: null,
    };
  });
}

function bleed(random: Random): BleedWish {
  const kind = random.pick(BLEED_KINDS);
  return {
    kind,
    volumeMl: kind === 'small' ? random.between(2.5, 5) : random.between(12, 60),
    side: random.pick(['left', 'right'] as const),
  };
}
