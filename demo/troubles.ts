import { makeStudy, type PlannedStudy } from './make-study.ts';
import { PEOPLE } from './people.ts';
import type { DemoInstance } from './phantoms/study-objects.ts';

/** What goes wrong with a study on its way. `none` is none of them. */
export const TROUBLES = ['none', 'missing-slice', 'late-slice', 'duplicate', 'wrong-id', 'twins', 'corrupt'] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What a machine sends of a study, and how long after it what else. Some of it may be no whole object. */
export type Sending = {
  readonly studyUid: string;
  readonly now: readonly DemoInstance[];
  readonly later: readonly DemoInstance[];
};

/** Makes a planned study and lets something go wrong with it. */
export async function makeTroubled(plan: PlannedStudy, trouble: Trouble): Promise<readonly Sending[]> {
  const sending = async (of: PlannedStudy): Promise<Sending> => {
    const { studyUid, series } = await makeStudy(of);
    return { studyUid, now: series.flatMap(({ instances }) => instances), later: [] };
  };
  const { wish } = plan;
  const whole = await sending(trouble === 'wrong-id' ? { ...plan, wish: { ...wish, person: mixedUp(wish) } } : plan);
  const middle = Math.floor(whole.now.length / 2);
  const [one] = whole.now.slice(middle, middle + 1);
  const others = whole.now.filter((_, index) => index !== middle);
  switch (trouble) {
    case 'none':
    case 'wrong-id':
      return [whole];
    case 'missing-slice':
      return [{ ...whole, now: others.length > 0 ? others : whole.now }];
    case 'late-slice':
      return [{ ...whole, now: others, later: one === undefined ? [] : [one] }];
    case 'duplicate':
      return [{ ...whole, now: [...whole.now, ...whole.now.slice(-3)] }];
    case 'corrupt':
      return [{ ...whole, now: one === undefined ? whole.now : [...others, cutShort(one)] }];
    case 'twins': {
      // The same name, sex and birth date under a number of its own, at the same hour.
      const twin = { ...wish.person, mrn: `${wish.person.mrn}T` };
      const seed = wish.seed + 700_000_000;
      return [whole, await sending({ ...plan, wish: { ...wish, seed, person: twin, accession: `D${seed}` } })];
    }
  }
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
