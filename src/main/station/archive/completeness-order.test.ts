import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { anAvailabilityNotice, aStep, aStepEnd, readRecord } from '../testing/steps.ts';
import type { ArchiveAssociation } from './associations.ts';
import { createStep, expectInstances, findStudyIdByUid, getStudyCard, noteAvailability, setStep } from './index.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const UID = '1.2.10';
const sop = (n: number) => `${UID}.1.${n}`;
const QUIET_MS = 180_000;
const PAUSE_MS = 5000;

/** Everything that may happen around one study. What happens over one association keeps its order, as does what is said of one step. */
type Deed =
  | 'begin'
  | 'image'
  | 'release'
  | 'abort'
  | 'step'
  | 'step-names'
  | 'step-ends'
  | 'step-broken'
  | 'notice'
  | 'order';
type Thread = readonly (readonly [Deed, number])[];

/** Does deeds of several threads in a given interleaving, then lets silence fall, and tells what the study has become. */
async function play(threads: readonly Thread[], turns: readonly number[], pauseMs: number) {
  const own = openClinic();
  try {
    const associations: (ArchiveAssociation | undefined)[] = [];
    const places = threads.map(() => 0);
    const waiting: (() => void)[] = []; // an order is told of once the study is here, by whoever follows the ledger
    const message = (sopUid: string, record: Parameters<typeof readRecord>[0]) => ({
      ...{ sopUid, dataset: readRecord(record), association: own.associate('CT1') },
      ...{ rules: own.archive.quiet, atMs: own.nowMs() },
    });
    const said = (association: ArchiveAssociation) => own.end(association);
    const step = async (thread: number, [deed, n]: readonly [Deed, number]) => {
      const association = associations[thread];
      const uids = (upTo: number) => Array.from({ length: upTo }, (_, index) => sop(index + 1));
      switch (deed) {
        case 'begin':
          associations[thread] = own.associate('CT1');
          return;
        case 'image':
          if (association) await own.receive(association, aSlice(n));
          return;
        case 'release':
        case 'abort':
          if (association) own.end(association, deed === 'release' ? 'released' : 'aborted');
          return;
        case 'step':
        case 'step-names':
        case 'step-ends':
        case 'step-broken': {
          const state = deed === 'step-ends' ? 'COMPLETED' : deed === 'step-broken' ? 'DISCONTINUED' : 'IN PROGRESS';
          const about = message(`1.9.${thread}`, deed === 'step' ? aStep(UID) : aStepEnd(state, UID, uids(n)));
          const answer = (deed === 'step' ? createStep : setStep)(own.db, about);
          expect(answer.status).toBe('success');
          return said(about.association);
        }
        case 'notice': {
          const about = message(`1.8.${thread}`, anAvailabilityNotice(UID, uids(n)));
          expect(noteAvailability(own.db, about).status).toBe('success');
          return said(about.association);
        }
        case 'order': {
          const studyId = () => findStudyIdByUid(own.db, own.north.siteId, UID);
          const tell = () =>
            expectInstances(
              own.db,
              studyId() ?? '',
              { what: 'order', source: 'order:1', instances: n },
              { actor: { kind: 'service', id: 'orders' }, rules: own.archive.quiet, atMs: own.nowMs() },
            );
          if (studyId() === null) waiting.push(tell);
          else tell();
          return;
        }
      }
    };
    const order = [...turns, ...threads.flatMap((thread, index) => thread.map(() => index))];
    for (const turn of order) {
      const thread = threads[turn % threads.length];
      const place = places[turn % threads.length] ?? 0;
      const deed = thread?.[place];
      if (deed === undefined) continue;
      places[turn % threads.length] = place + 1;
      await step(turn % threads.length, deed);
      if (findStudyIdByUid(own.db, own.north.siteId, UID) !== null) for (const tell of waiting.splice(0)) tell();
      own.pass(pauseMs);
      own.runJobs();
    }
    for (let round = 0; round < 4; round += 1) {
      own.pass(QUIET_MS);
      own.runJobs();
    }
    const { completeness, images, expected, evidence } = getStudyCard(
      own.db,
      findStudyIdByUid(own.db, own.north.siteId, UID) ?? '',
    );
    return { completeness, images, expected, rule: evidence?.rule, named: evidence?.named, marks: evidence?.marks };
  } finally {
    own.close();
  }
}

const images = (from: number, to: number): Thread => [
  ['begin', 0],
  ...Array.from({ length: to - from + 1 }, (_, index) => ['image', from + index] as const),
];
const released = (from: number, to: number): Thread => [...images(from, to), ['release', 0]];
const aborted = (from: number, to: number): Thread => [...images(from, to), ['abort', 0]];
const finished = (named: number): Thread => [
  ['step', 0],
  ['step-names', Math.max(1, named - 3)],
  ['step-ends', named],
];

const VOLUME = 'association-ended-gapless-volume';
test.each<[string, readonly Thread[], object]>([
  ['images alone', [released(1, 8)], { completeness: 'complete', rule: VOLUME, marks: [] }],
  ['images over two associations', [released(1, 4), released(5, 8)], { completeness: 'complete', rule: VOLUME }],
  [
    'a step that completed, with all it names',
    [released(1, 8), finished(8)],
    { completeness: 'complete', rule: 'performed-steps-completed', expected: 8, marks: [] },
  ],
  [
    'a step that completed and names two more than came',
    [released(1, 8), finished(10)],
    {
      ...{ completeness: 'assumed', rule: 'quiet-time', expected: 10 },
      marks: [{ code: 'fewer-than-expected', expected: 10, here: 8 }],
    },
  ],
  [
    'a step nobody ended',
    [released(1, 8), [['step', 0]]],
    { completeness: 'assumed', marks: [{ code: 'step-in-progress', count: 1 }] },
  ],
  [
    'a step that was discontinued',
    [
      released(1, 8),
      [
        ['step', 0],
        ['step-broken', 8],
      ],
    ],
    { completeness: 'assumed', marks: [{ code: 'step-discontinued', count: 1 }] },
  ],
  [
    'a step discontinued and one that did it again',
    [
      released(1, 8),
      [
        ['step', 0],
        ['step-broken', 2],
      ],
      finished(8),
    ],
    { completeness: 'complete', marks: [{ code: 'step-discontinued', count: 1 }] },
  ],
  [
    'two steps, one of them still under way',
    [released(1, 8), finished(8), [['step', 0]]],
    { completeness: 'assumed', marks: [{ code: 'step-in-progress', count: 1 }] },
  ],
  [
    'a sender that broke off',
    [released(1, 5), aborted(6, 8)],
    { completeness: 'assumed', rule: 'quiet-time', marks: [{ code: 'association-broken', count: 1 }] },
  ],
  [
    'a sender that broke off while it sent again what was here',
    [released(1, 8), aborted(2, 3)],
    { completeness: 'assumed', rule: 'quiet-time', marks: [{ code: 'association-broken', count: 1 }] },
  ],
  [
    'a sender that broke off, and a step that says all is here all the same',
    [released(1, 5), aborted(4, 8), finished(8)],
    { completeness: 'complete', rule: 'performed-steps-completed', marks: [] },
  ],
  [
    'a notice of all that came',
    [released(1, 8), [['notice', 8]]],
    { completeness: 'complete', rule: 'all-announced-here', expected: 8, marks: [] },
  ],
  [
    'a notice of more than came, against an order it would fulfil',
    [released(1, 8), [['notice', 9]], [['order', 8]]],
    { completeness: 'assumed', marks: [{ code: 'fewer-than-expected', expected: 9, here: 8 }] },
  ],
  [
    'a notice and a step of the same images',
    [released(1, 8), finished(8), [['notice', 8]]],
    { completeness: 'complete', rule: 'performed-steps-completed', named: 8 },
  ],
  [
    'an order of as many',
    [aborted(1, 3), released(1, 8), [['order', 8]]],
    { completeness: 'complete', rule: 'order-fulfilled', expected: 8 },
  ],
  [
    'an order of more',
    [released(1, 8), [['order', 12]]],
    {
      ...{ completeness: 'assumed', expected: 12 },
      marks: [{ code: 'fewer-than-expected', expected: 12, here: 8 }],
    },
  ],
])(
  '%s: the same in whatever order it happens, quickly or with silence between',
  async (_what, threads, becomes) => {
    const turn = fc.nat(threads.length - 1);
    const turns = fc.array(turn, { minLength: 0, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(turns, fc.constantFrom(0, PAUSE_MS + 1, QUIET_MS + 1), async (order, pauseMs) => {
        expect(await play(threads, order, pauseMs)).toMatchObject({ images: 8, ...becomes });
      }),
      { numRuns: 8 },
    );
  },
  60_000,
);

test('what is said of a study before anything of it is here is remembered', async () => {
  const said = clinic.associate('CT1');
  const about = (record: Parameters<typeof readRecord>[0]) => ({
    ...{ sopUid: '1.9.1', dataset: readRecord(record), association: said, rules: clinic.archive.quiet },
    atMs: clinic.nowMs(),
  });
  createStep(clinic.db, about(aStep(UID)));
  setStep(clinic.db, about(aStepEnd('COMPLETED', UID, [sop(1), sop(2), sop(3)])));
  const association = clinic.associate('CT1');
  await clinic.receive(association, aSlice(1), aSlice(2));
  const card = () => getStudyCard(clinic.db, findStudyIdByUid(clinic.db, clinic.north.siteId, UID) ?? '');
  expect(card()).toMatchObject({ images: 2, expected: 3, completeness: 'receiving' });
  await clinic.receive(association, aSlice(3));
  clinic.pass(PAUSE_MS);
  clinic.runJobs(); // all that was named is here, though the sender keeps its association open
  expect(card()).toMatchObject({ completeness: 'complete', evidence: { rule: 'performed-steps-completed' } });
});

test('more named of a study that counted as complete opens it again, and says how much', async () => {
  const id = await clinic.send([1, 2, 3, 4, 5, 6].map((n) => aSlice(n)));
  const before = getStudyCard(clinic.db, id);
  expect(before).toMatchObject({ completeness: 'complete', evidence: { rule: VOLUME } });
  const about = {
    ...{ sopUid: '1.8.1', association: clinic.associate('PACS'), rules: clinic.archive.quiet, atMs: clinic.nowMs() },
    dataset: readRecord(anAvailabilityNotice(UID, [1, 2, 3, 4, 5, 6, 7].map(sop))),
  };
  noteAvailability(clinic.db, about);
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    ...{ completeness: 'receiving', revision: before.revision, completeAtMs: before.completeAtMs, expected: 7 },
    evidence: { rule: 'undecided', marks: [{ code: 'fewer-than-expected', expected: 7, here: 6 }] },
  });
  expect(clinic.events('study-reopened')).toHaveLength(1);
  // Their holder takes it back: it is complete, by what was announced.
  const taken = { ...about, sopUid: '1.8.2', dataset: readRecord(anAvailabilityNotice(UID, [sop(7)], 'UNAVAILABLE')) };
  noteAvailability(clinic.db, taken);
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    ...{ completeness: 'complete', completeRevision: before.completeRevision, expected: 6 },
    evidence: { rule: 'all-announced-here', awaited: 0, marks: [] },
  });
});
