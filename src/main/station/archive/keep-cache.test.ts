import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceActor } from '../platform/ledger/event.ts';
import { planOf } from '../platform/store/test-plan.ts';
import type { DiskState } from '../platform/disk-watch.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { findStudies } from './find-studies.ts';
import { recordProof } from './held-elsewhere.ts';
import { placeHold } from './holds.ts';
import { type CacheKeeper, createCacheKeeper, type KeptSite, LIST_DIGESTS, measureCache } from './keep-cache.ts';
import { configurePeers, listPeers } from './peers.ts';
import { listInstances } from './queries.ts';
import { LIST_BY_AGE, previewRetention, type RetentionRules } from './retention.ts';
import { findStudyCard } from './study-card.ts';

const DAY_MS = 86_400_000;
let clinic: Clinic;
let disk: { state: DiskState };
let open: Set<string>;
let keepers: CacheKeeper[];

beforeEach(() => {
  clinic = openClinic();
  disk = { state: 'enough' };
  open = new Set();
  keepers = [];
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison', isArchive: true },
  ]);
});
afterEach(async () => {
  for (const keeper of keepers) await keeper.stop();
  clinic.close();
});

function keep(cache: KeptSite['cache'], retention: RetentionRules = []): CacheKeeper {
  const { db, archive, north, log } = clinic;
  const keeper = createCacheKeeper({
    ...{ db, log, disk, objects: archive.objects, clock: archive.clock },
    sites: [{ siteId: north.siteId, cache, retention }],
    isOpen: (studyId) => open.has(studyId),
    measure: async (siteId) => measureCache(db, siteId),
    preview: async (question) => previewRetention(db, question, (studyId) => open.has(studyId)),
  });
  keepers.push(keeper);
  return keeper;
}

/** A study of two objects that came now. */
async function study(number: number, from: 'CT1' | 'PACS' = 'PACS', modality = 'CT'): Promise<string> {
  const named = (n: number) =>
    aSlice(n, {
      StudyInstanceUID: `1.2.3.${number}`,
      SeriesInstanceUID: `1.2.3.${number}.1`,
      SOPInstanceUID: `1.2.3.${number}.1.${n}`,
      Modality: modality,
    });
  return clinic.send([named(1), named(2)], from);
}
function prove(...studyIds: readonly string[]): void {
  const { db, north } = clinic;
  const peerId = listPeers(db, north.siteId).find(({ isArchive }) => isArchive)?.peerId ?? '';
  for (const studyId of studyIds)
    recordProof(db, { siteId: north.siteId, peerId, source: 'query', instances: listInstances(db, studyId), atMs: 1 });
}
const files = () =>
  readdirSync(clinic.objectsDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
const evicted = () => clinic.events('study-evicted').map(({ studyId }) => studyId);

test('only what is older than the policy, proven, not held and not open leaves, oldest first', async () => {
  const [first, held, opened, unproven] = [await study(1), await study(2), await study(3, 'CT1'), await study(4)];
  clinic.pass(DAY_MS);
  const second = await study(5);
  clinic.pass(10 * DAY_MS);
  const young = await study(6);
  prove(first, held, opened, second, young);
  placeHold(clinic.db, { studyId: held, holder: 'x', reason: 'y' }, { actor: serviceActor('x'), atMs: 0 });
  open.add(opened);
  const keeper = keep({ keepDays: 5 });
  await keeper.runOnce();
  expect(evicted()).toEqual([first, second]);
  expect(files()).toBe(8);
  expect(keeper.lastRun(clinic.north.siteId)).toMatchObject({ studies: 2 });
  expect(measureCache(clinic.db, clinic.north.siteId)).toMatchObject({ studies: 6, evicted: 2 });
  expect(
    findStudies(clinic.db, [clinic.north.siteId], {}, { offset: 0, limit: 10 }).filter(
      ({ availability }) => availability === 'NEARLINE',
    ),
  ).toHaveLength(2);
  expect(unproven).not.toBe('');
});

test('with a size, no more leaves than is too much; a disk that runs low takes all that may go', async () => {
  const ids = [await study(1), await study(2), await study(3)];
  clinic.pass(10 * DAY_MS);
  prove(...ids);
  const { bytes } = measureCache(clinic.db, clinic.north.siteId);
  await keep({ keepDays: 1, maxBytes: bytes }).runOnce();
  expect(evicted()).toEqual([]);
  await keep({ keepDays: 1, maxBytes: bytes - 1 }).runOnce();
  expect(evicted()).toEqual([ids[0]]);
  disk.state = 'low';
  await keep({ keepDays: 1, maxBytes: bytes }).runOnce();
  expect(evicted()).toEqual(ids);
  expect(clinic.events('study-evicted').map(({ payload }) => payload.because)).toEqual(['size', 'disk', 'disk']);
});

test('what was fetched again stays for as long as a new arrival', async () => {
  const id = await study(1);
  clinic.pass(10 * DAY_MS);
  prove(id);
  const keeper = keep({ keepDays: 5 });
  await keeper.runOnce();
  await study(1);
  await keeper.runOnce();
  expect([evicted().length, files()]).toEqual([1, 2]);
  clinic.pass(6 * DAY_MS);
  await keeper.runOnce();
  expect([evicted().length, files()]).toEqual([2, 0]);
});

test('without a policy everything stays', async () => {
  const id = await study(1);
  clinic.pass(1000 * DAY_MS);
  prove(id);
  disk.state = 'low';
  await keep(undefined).runOnce();
  expect(evicted()).toEqual([]);
});

const rule = (more: Partial<RetentionRules[number]>): RetentionRules[number] => ({
  ...{ name: 'rule', olderThanDays: 5, action: 'delete', evenUnproven: false, ...more },
});

test('a preview says what would go and what stands in the way, and changes nothing', async () => {
  const ids = { gone: await study(1), held: await study(2), open: await study(3, 'CT1'), unproven: await study(4) };
  await study(5, 'PACS', 'MR'); // kept by the first rule that fits
  clinic.pass(10 * DAY_MS);
  await study(6);
  prove(ids.gone, ids.held, ids.open);
  placeHold(clinic.db, { studyId: ids.held, holder: 'x', reason: 'y' }, { actor: serviceActor('x'), atMs: 0 });
  open.add(ids.open);
  const question = { siteId: clinic.north.siteId, nowMs: clinic.nowMs(), limit: 10 };
  const verdicts = (rules: RetentionRules) =>
    previewRetention(clinic.db, { ...question, rules }, (id) => open.has(id)).studies.map(({ studyId, verdict }) => [
      studyId,
      verdict,
    ]);
  const keepMr = rule({ name: 'keep-mr', modalities: ['MR'], action: 'keep' });
  expect(verdicts([keepMr, rule({ inForceBy: 'medical-lead' })])).toEqual([
    [ids.gone, 'delete'],
    [ids.held, 'held'],
    [ids.open, 'open'],
    [ids.unproven, 'unproven'],
  ]);
  expect(verdicts([keepMr, rule({ evenUnproven: true })]).map(([, verdict]) => verdict)).toEqual([
    'not-in-force',
    'held',
    'open',
    'not-in-force',
  ]);
  expect(verdicts([rule({ intents: ['new'] })])).toEqual([[ids.open, 'open']]);
  expect([verdicts([]), verdicts([keepMr])]).toEqual([[], []]);
  expect(files()).toBe(12);
  const rules = [rule({})];
  const first = previewRetention(clinic.db, { ...question, rules, limit: 3 }, () => false);
  const rest = previewRetention(clinic.db, { ...question, rules, limit: 3, after: first.next ?? '' }, () => false);
  expect([first.studies.length, rest.studies.length, rest.next]).toEqual([3, 2, null]);
});

test('a rule in force deletes: files, names and the patient go; that it was here, and the rule, stay', async () => {
  const id = await study(1);
  const { siteId } = clinic.north;
  clinic.pass(10 * DAY_MS);
  const before = findStudyCard(clinic.db, id);
  expect(before?.patient.name).not.toBe('');
  const keeper = keep(undefined, [rule({ evenUnproven: true, inForceBy: 'medical-lead' })]);
  expect(keeper.runRetention(siteId).ok).toBe(true);
  expect(keeper.runRetention(siteId)).toEqual({ ok: false, error: { code: 'retention-running' } });
  await keeper.stop();
  // Stopped before its first step, it deletes nothing; the next one does.
  const another = keep(undefined, [rule({ evenUnproven: true, inForceBy: 'medical-lead' })]);
  await another.runOnce();
  expect(files()).toBe(0);
  expect(findStudies(clinic.db, [siteId], {}, { offset: 0, limit: 10 })).toEqual([]);
  expect(clinic.events('study-deleted')).toMatchObject([{ studyId: id, payload: { rule: 'rule', objects: 2 } }]);
  const left = clinic.db
    .prepare(
      'SELECT study_uid, stated_name, accession, (SELECT name FROM patients) AS name, (SELECT count(*) FROM patient_identifiers) AS numbers FROM studies',
    )
    .all();
  expect(left).toEqual([{ study_uid: `deleted:${id}`, stated_name: '', accession: null, name: '', numbers: 0 }]);
  expect(clinic.db.pragma('foreign_key_check')).toEqual([]);
  // The same study, sent again, is a new one.
  const again = await study(1);
  expect(again).not.toBe(id);
  expect(findStudyCard(clinic.db, again)?.patient.name).toBe(before?.patient.name);
});

test.each([
  ['judging by rules', LIST_BY_AGE, 'studies_by_age'],
  ['measuring', LIST_DIGESTS, 'COVERING INDEX'],
])('%s walks an index', (_what, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toContain('TEMP B-TREE');
});
