import { requestOf } from './exam-requests.ts';
import type { PlannedStudy, StudyKind } from './make-study.ts';
import { personOf } from './more-people.ts';
import { PEOPLE_ABROAD, type PersonAbroad } from './people-abroad.ts';
import { DEMO_ISSUER, PEOPLE } from './people.ts';
import { BLEED_KINDS, type BleedWish } from './phantoms/bleed.ts';
import type { DemoTransferSyntax } from './phantoms/compress-record.ts';
import type { NoduleWish } from './phantoms/nodule.ts';
import { type Random, seededRandom } from './random.ts';

/** A study that will be acquired: how long after the one before, and what it shows. When it is taken, the sender says. */
export type Arrival = {
  readonly afterMs: number;
  readonly study: PlannedStudy;
  /** What the archive holds of the same thing from so many days before. */
  readonly prior: { readonly study: PlannedStudy; readonly daysBefore: number } | null;
};

/** The first few come quickly, so that a newcomer's list is not empty. */
const QUICK_ARRIVALS = 6;
const QUICK_MS = 4_000;
/** What the quick ones are: heads first, and then something of everything. */
const FIRST_KINDS: readonly StudyKind[] = [
  'head-ct',
  'chest-radiograph',
  'head-ct',
  'chest-ct',
  'mammogram',
  'ultrasound',
];
/** One that the reference algorithm sees. Of the later ones it misses some, as its card says: a demo does not hide that. */
const FIRST_BLEED: BleedWish = { kind: 'intraparenchymal', volumeMl: 28 };
/** Which of the quick ones is a chest with a nodule that grew. */
const GROWING = FIRST_KINDS.indexOf('chest-ct');
/** Lung in every chest that is drawn. */
const IN_LUNG = [-75, -15, 20] as const;
const GREW_IN_DAYS = 180;
/** Apart from every other seed: an order number of its own. */
const PRIOR_OF = 600_000_000;
/** The share of heads that bleed: of those that arrive more than in any hospital, so that there is something to see. */
const BLEEDS_NOW = 0.25;
const BLEEDS_BEFORE = 0.06;
/** Of a hundred studies. */
const MIX: Readonly<Record<StudyKind, number>> = {
  'chest-radiograph': 28,
  'head-ct': 18,
  ultrasound: 14,
  mammogram: 12,
  'chest-ct': 10,
  'hand-radiograph': 9,
  'brain-mr': 7,
  'pet-ct': 2,
};
const DESCRIPTIONS: Readonly<Partial<Record<StudyKind, readonly string[]>>> = {
  'head-ct': ['CT HEAD WITHOUT CONTRAST', 'CT Head wo', 'CT CRANIUM NATIVE'],
  'chest-ct': ['CT CHEST WITHOUT CONTRAST', 'CT Thorax nativ', 'LUNG NODULE FOLLOW UP'],
};
/** What machines of this hospital store pixels in; most do not compress. */
const SYNTAXES: readonly DemoTransferSyntax[] = [
  ...Array<DemoTransferSyntax>(5).fill('1.2.840.10008.1.2.1'),
  '1.2.840.10008.1.2.4.70',
  '1.2.840.10008.1.2.4.80',
  '1.2.840.10008.1.2.4.90',
  '1.2.840.10008.1.2.4.201',
  '1.2.840.10008.1.2.5',
];

/** Arrivals without end; the same seed gives the same people, findings and order. */
export function* planArrivals(plan: { readonly seed: number; readonly everyMs: number }): Generator<Arrival, never> {
  for (let number = 0; ; number += 1) {
    const random = seededRandom(plan.seed + number, 'arrival');
    const seed = (plan.seed % 1_000_000) * 1_000 + number;
    const kind = FIRST_KINDS[number] ?? pickKind(random);
    const study = planStudy({ random, seed, kind, person: { person: personOf(number % PEOPLE.length) }, size: 'full' });
    const afterMs = number === 0 ? 0 : number < QUICK_ARRIVALS ? QUICK_MS : plan.everyMs;
    if (number === 0) yield { afterMs, study: { ...study, bleed: FIRST_BLEED, withThinBone: false }, prior: null };
    else if (number === GROWING) yield { afterMs, ...growing(study) };
    else yield { afterMs, study, prior: null };
  }
}

/** A block of hours whose history is the same however often a demo is started in it. */
const BLOCK_MS = 6 * 3_600_000;

/**
 * The studies of the hours before the present block of six, oldest first: small ones, of many people, some of whom write in
 * another script. Started again in the same block, a demo plans the same bytes: sent again they are recognised.
 */
export function* planHistory(plan: { readonly nowMs: number; readonly studies: number }): Generator<PlannedStudy> {
  const block = Math.floor(plan.nowMs / BLOCK_MS);
  for (let number = 0; number < plan.studies; number += 1) {
    const seed = 500_000_000 + (block % 100_000) * 1_000 + number;
    const random = seededRandom(seed, 'history');
    const abroad = number % 25 === 7 ? random.pick(PEOPLE_ABROAD) : null;
    const person = abroad ?? { person: personOf(PEOPLE.length + random.whole(0, 899)) };
    const study = planStudy({ random, seed, kind: pickKind(random), person, size: 'small' });
    const atMs = block * BLOCK_MS - BLOCK_MS * (1 - number / plan.studies);
    yield { ...study, wish: { ...study.wish, atMs: Math.floor(atMs) } };
  }
}

/** Old studies of the same people, the same at every start: sent again they are recognised. */
const PRIORS: readonly { readonly person: number; readonly at: string; readonly kind: StudyKind }[] = [
  { person: 0, at: '2025-03-04T08:12:00Z', kind: 'head-ct' },
  { person: 2, at: '2024-11-19T15:40:00Z', kind: 'head-ct' },
  { person: 3, at: '2025-11-02T11:20:00Z', kind: 'chest-radiograph' },
  { person: 4, at: '2025-06-30T22:05:00Z', kind: 'mammogram' },
  { person: 1, at: '2025-09-12T10:31:00Z', kind: 'chest-radiograph' },
];
const PRIOR_SEED = 7_000;
/** The last of them stay in the archive until somebody fetches them. */
const SENT_PRIORS = 3;

/** What the hospital's archive holds of its people from years before, and which of it comes by itself. */
export function planPriors(): readonly { readonly study: PlannedStudy; readonly isSent: boolean }[] {
  return PRIORS.map(({ person, at, kind }, index) => {
    const seed = PRIOR_SEED + index;
    const study = planStudy({
      ...{ random: seededRandom(seed, 'prior'), seed, kind, size: 'full' as const },
      person: { person: personOf(person) },
    });
    const wish = { ...study.wish, atMs: Date.parse(at), accession: `P${seed}` };
    return { study: { ...study, wish, bleed: null, withThinBone: false }, isSent: index < SENT_PRIORS };
  });
}

/** One study more, of a kind that somebody asked for. */
export function planOne(seed: number, kind: StudyKind): PlannedStudy {
  const random = seededRandom(seed, 'one');
  return planStudy({
    random,
    seed,
    kind,
    person: { person: personOf(random.whole(0, PEOPLE.length - 1)) },
    size: 'full',
  });
}

/** A study whose nodule the archive has smaller: it doubled its volume in some four months. */
function growing(study: PlannedStudy): Pick<Arrival, 'study' | 'prior'> {
  const nodule = (diameterMm: number): NoduleWish => ({ kind: 'isolated', diameterMm, atMm: IN_LUNG });
  const { wish } = study;
  const ownOrder = { accession: `${wish.accession}P`, request: requestOf(wish.seed + PRIOR_OF, study.kind) };
  const before = { ...study, nodule: nodule(9.5), visit: 1, wish: { ...wish, ...ownOrder } };
  return { study: { ...study, nodule: nodule(13.5) }, prior: { study: before, daysBefore: GREW_IN_DAYS } };
}

function planStudy(plan: {
  readonly random: Random;
  readonly seed: number;
  readonly kind: StudyKind;
  readonly person: Pick<PersonAbroad, 'person'> & Partial<PersonAbroad>;
  readonly size: PlannedStudy['size'];
}): PlannedStudy {
  const { random, seed, kind, person } = plan;
  const descriptions = DESCRIPTIONS[kind];
  const description = descriptions && random.pick(descriptions);
  const hasFinding = random.chance(kind !== 'head-ct' ? 0.34 : plan.size === 'small' ? BLEEDS_BEFORE : BLEEDS_NOW);
  const syntax = random.pick(SYNTAXES);
  return {
    kind,
    size: plan.size,
    bleed: kind === 'head-ct' && hasFinding ? bleed(random) : null,
    nodule: kind !== 'head-ct' && hasFinding ? nodule(random) : null,
    withThinBone: random.chance(0.3),
    wish: {
      seed,
      atMs: 0,
      ...person,
      accession: `D${seed}`,
      accessionIssuer: DEMO_ISSUER,
      request: requestOf(seed, kind),
      ...(description && { studyDescription: description }),
      // Colour in lossless JPEG is nobody's habit.
      ...(kind !== 'ultrasound' && { transferSyntaxUid: syntax }),
      ...(kind === 'ultrasound' && random.chance(0.5) && { transferSyntaxUid: '1.2.840.10008.1.2.4.50' as const }),
    },
  };
}

function pickKind(random: Random): StudyKind {
  let left = random.next() * Object.values(MIX).reduce((sum, share) => sum + share, 0);
  for (const [kind, share] of Object.entries(MIX)) {
    left -= share;
    if (left < 0) return kind as StudyKind;
  }
  return 'chest-radiograph';
}

function bleed(random: Random): BleedWish {
  const kind = random.pick(BLEED_KINDS);
  return {
    kind,
    volumeMl: kind === 'small' ? random.between(2.5, 5) : random.between(12, 60),
    side: random.pick(['left', 'right'] as const),
  };
}

function nodule(random: Random): NoduleWish {
  return { kind: 'isolated', diameterMm: random.between(8, 20) };
}
