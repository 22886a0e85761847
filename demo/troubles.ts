import { makeStudy, type PlannedStudy } from './make-study.ts';
import { requestOf } from './exam-requests.ts';
import { PEOPLE, type Person } from './people.ts';
import type { DemoInstance, DemoStudy } from './phantoms/study-objects.ts';
import { type Correction, type Visit, visitOf } from './visits.ts';

/**
 * What goes wrong with a study on its way, or presses. `none` is none of them. `misspelt` and `double-registration` are the order
 * system's: it finds out later who somebody is.
 */
export const TROUBLES = [
  ...(['none', 'stat', 'missing-slice', 'late-slice', 'duplicate'] as const),
  ...(['wrong-id', 'twins', 'corrupt', 'misspelt', 'double-registration'] as const),
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What a machine sends of a study, and how long after it what else. Some of it may be no whole object. */
export type Sending = {
  readonly study: DemoStudy<unknown>;
  readonly now: readonly DemoInstance[];
  readonly later: readonly DemoInstance[];
  /** What was ordered, of whom: other than what the images say where the machine got it wrong. */
  readonly visit: Visit;
  /** What the order system finds out afterwards. */
  readonly correction: Correction | null;
};

/** Makes a planned study and lets something go wrong with it. */
export async function makeTroubled(plan: PlannedStudy, trouble: Trouble): Promise<readonly Sending[]> {
  const sending = async (of: PlannedStudy, ordered = of): Promise<Sending> => {
    const study = await makeStudy(of);
    const now = study.series.flatMap(({ instances }) => instances);
    return { study, now, later: [], visit: visitOf(ordered, study.studyUid), correction: null };
  };
  const { wish } = plan;
  const of = (change: Partial<PlannedStudy['wish']>): PlannedStudy => ({ ...plan, wish: { ...wish, ...change } });
  const knownLater = async (kind: Correction['kind'], from: Person): Promise<readonly Sending[]> => [
    { ...(await sending(of({ person: from }))), correction: { kind, from, to: wish.person } },
  ];
  switch (trouble) {
    case 'none':
      return [await sending(plan)];
    case 'stat':
      return [await sending(of({ request: requestOf(wish.seed, plan.kind, { priority: 'stat' }) }))];
    case 'wrong-id':
      return [await sending(of({ person: mixedUp(wish) }), plan)];
    case 'misspelt':
      return knownLater('renamed', { ...wish.person, name: misspelt(wish.person.name) });
    case 'double-registration':
      return knownLater('merged', { ...wish.person, mrn: `TMP${wish.seed}` });
    case 'twins': {
      // The same name, sex and birth date under a number of its own, at the same hour.
      const person = { ...wish.person, mrn: `${wish.person.mrn}T` };
      const seed = wish.seed + 700_000_000;
      const twin = { seed, person, accession: `D${seed}`, request: requestOf(seed, plan.kind) };
      return [await sending(plan), await sending(of(twin))];
    }
    case 'missing-slice':
    case 'late-slice':
    case 'duplicate':
    case 'corrupt':
      return [damaged(await sending(plan), trouble)];
  }
}

/** A study of which an object is amiss: the middle one, or the last three twice. */
function damaged(whole: Sending, trouble: 'missing-slice' | 'late-slice' | 'duplicate' | 'corrupt'): Sending {
  const middle = Math.floor(whole.now.length / 2);
  const [one] = whole.now.slice(middle, middle + 1);
  const others = whole.now.filter((_, index) => index !== middle);
  if (one === undefined) return whole;
  switch (trouble) {
    case 'missing-slice':
      return { ...whole, now: others.length > 0 ? others : whole.now };
    case 'late-slice':
      return { ...whole, now: others, later: [one] };
    case 'duplicate':
      return { ...whole, now: [...whole.now, ...whole.now.slice(-3)] };
    case 'corrupt':
      return { ...whole, now: [...others, cutShort(one)] };
  }
}

/** Two letters of the family name the wrong way round; where that is no change, one letter twice. */
function misspelt(name: string): string {
  const swapped = name.replace(/^(.)(.)(.)/u, '$1$3$2');
  return swapped === name ? name.replace(/^(.)/u, '$1$1') : swapped;
}

/** The right name under another person's number: what a slip at the console makes. */
function mixedUp({ person, seed }: PlannedStudy['wish']): PlannedStudy['wish']['person'] {
  const others = PEOPLE.filter(({ mrn }) => mrn !== person.mrn);
  const other = others[seed % others.length];
  return other === undefined ? person : { ...person, mrn: other.mrn };
}

/** An object whose data set ends within an element (PS3.5 §7.1): complete as a message, and unreadable. */
function cutShort(instance: DemoInstance): DemoInstance {
  return { ...instance, file: instance.file.subarray(0, Math.floor(instance.file.length / 3)) };
}
