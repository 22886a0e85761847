import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { keepingDicomServer, type KeepingServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import { text } from '../dicom/dataset/values.ts';
import type { FindMatch, ServiceAnswer, ServiceClass } from '../dicom/server-services.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import { prepared } from '../platform/store/database.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { configurePeers, createSenderCountWorker, type SenderCountWorker } from './index.ts';
import { LIST_DUE_COUNTS } from './sender-counts.ts';

let clinic: Clinic;
let pacs: KeepingServer;
let worker: SenderCountWorker;
/** What the archive says of a study it is asked about; null: it has no such study. */
let says: (studyUid: string) => number | string | null;
let status: ServiceAnswer['status'];
let asked: number;

beforeEach(async () => {
  clinic = openClinic();
  [says, status, asked] = [() => null, 'success', 0];
  const find: ServiceClass<string> = {
    sopClass: SERVICE_CLASSES['study-root-find'],
    async *find(identifier): AsyncGenerator<FindMatch, ServiceAnswer, void> {
      asked += 1;
      const studyUid = text(identifier, 'StudyInstanceUID') ?? '';
      const said = says(studyUid);
      if (said !== null)
        yield {
          identifier: {
            ...{ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: studyUid },
            ...(said !== 'nothing' && { NumberOfStudyRelatedInstances: String(said) }),
          },
        };
      return { status };
    },
  };
  pacs = await keepingDicomServer({ services: [find] });
  know(pacs.server.port);
  worker = createSenderCountWorker(clinic.archive, clinic.log);
});
afterEach(async () => {
  await worker.stop();
  await pacs.server.close(0);
  clinic.close();
});

/** PACS sends from 10.0.0.1, and may be called where it listens. */
function know(port: number | null, isArchive = true): void {
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    {
      ...{ aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison', isArchive },
      ...(port !== null && { host: '127.0.0.1', port }),
    },
  ]);
}

const study = (studyId: string) =>
  prepared<{ completeness: string; evidence: string | null }>(
    clinic.db,
    'SELECT completeness, evidence FROM studies WHERE study_id = ?',
  ).get(studyId);
const ruleOf = (studyId: string) => [
  study(studyId)?.completeness,
  JSON.parse(study(studyId)?.evidence ?? '{"rule":null}').rule,
];
const owed = () => prepared(clinic.db, 'SELECT attempts FROM sender_counts').all();
/** Slices 1, 2 and 5: what is here looks like a volume that goes on, so nothing but a count can say that it is whole. */
const slices = [1, 2, 5].map((n) => aSlice(n));

/** Lets the worker work until what it owes is another than before: had, or tried once more. */
async function turn(): Promise<void> {
  const before = owed();
  await eventually(() => {
    worker.notify();
    expect(owed()).not.toEqual(before);
  });
}

test('finds what is due by index', () => {
  expect(planOf(clinic.db, LIST_DUE_COUNTS)[0]).toContain('USING INDEX sender_counts_due (due_at_ms<?)');
});

test('a study is complete once as many are here as the archive that sent it counts', async () => {
  says = () => 3;
  const id = await clinic.send(slices, 'PACS');
  expect(ruleOf(id)[0]).toBe('receiving');
  await turn();
  expect(ruleOf(id)).toEqual(['complete', 'count-at-sender-reached']);
  expect([asked, owed()]).toEqual([1, []]);
  expect(clinic.events('study-expectation-set')[0]?.payload).toMatchObject({ what: 'count-at-sender', instances: 3 });
});

test('where the archive has more, the study says so and is not complete before the rest is here', async () => {
  says = () => 4;
  const id = await clinic.send(slices, 'PACS');
  await turn();
  expect(ruleOf(id)).toEqual(['receiving', 'undecided']);
  expect(JSON.parse(study(id)?.evidence ?? '').marks).toContainEqual({
    code: 'fewer-than-expected',
    expected: 4,
    here: 3,
  });
  await clinic.send([aSlice(9)], 'PACS');
  expect(ruleOf(id)).toEqual(['complete', 'count-at-sender-reached']);
});

test('a volume without gaps that counted as whole is open again where the archive has more', async () => {
  says = () => 14;
  const id = await clinic.send(
    Array.from({ length: 12 }, (_, n) => aSlice(n + 1)),
    'PACS',
  );
  expect(ruleOf(id)).toEqual(['complete', 'association-ended-gapless-volume']);
  await turn();
  expect(ruleOf(id)[0]).toBe('receiving');
  expect(clinic.events('study-reopened')).toHaveLength(1);
});

test('the question waits until no further association follows, and outlives a restart', async () => {
  says = () => 3;
  const association = clinic.associate('PACS');
  await clinic.receive(association, ...slices);
  clinic.end(association);
  await worker.stop();
  worker = createSenderCountWorker(clinic.archive, clinic.log);
  worker.notify();
  await pause(50);
  expect(asked).toBe(0);
  clinic.pass(60_000);
  await turn();
  expect([asked, owed()]).toEqual([1, []]);
});

test('an archive that has not filed it yet or is away is asked again, and not for ever', async () => {
  await clinic.send(slices, 'PACS');
  await turn();
  expect(owed()).toEqual([{ attempts: 1 }]);
  worker.notify();
  await pause(30);
  expect(asked).toBe(1); // it is not yet time again
  for (let attempt = 2; attempt <= 6; attempt += 1) {
    clinic.pass(3_600_000);
    await turn();
  }
  expect([asked, owed()]).toEqual([6, []]);
  expect(clinic.logged()).toContain('study-not-at-peer');
});

test.each([
  ['gives no count', () => (says = () => 'nothing')],
  ['refuses the question', () => (status = 'data-set-does-not-match')],
])('an archive that %s is asked once; quiet time decides', async (_what, arrange) => {
  arrange();
  const id = await clinic.send(slices, 'PACS');
  await turn();
  expect([owed(), ruleOf(id)[0]]).toEqual([[], 'receiving']);
});

test('nobody is asked who is no archive or cannot be called', async () => {
  know(pacs.server.port, false);
  await clinic.send(slices, 'PACS');
  know(null);
  await clinic.send([aSlice(7)], 'PACS');
  await clinic.send([aSlice(8)], 'CT1');
  expect(owed()).toEqual([]);
});
