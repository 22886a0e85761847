import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AcceptanceTarget } from '../../../shared/contract/models.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { acceptanceOf, brought, EVERYTHING, NOTHING_READ, person, sign } from '../testing/governed.ts';
import { aManifest, finishNext, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { findStandingAcceptance, listAcceptances } from './acceptance-rows.ts';
import { ageBand, measureAcceptance } from './acceptance-report.ts';
import { fixTargets, noteReportRead } from './acceptances.ts';
import { compareVersions, kappaOf, listDiscordances } from './compare-versions.ts';
import { findModel } from './models.ts';
import { chooseOperatingPoint, signOperatingPoint } from './operating-points.ts';
import { failRun } from './record-run.ts';
import { listSilentResults, noteResultsShown } from './silent-results.ts';
import { takeStep } from './take-step.ts';
import { listQuestions, recordTruth, truthOf } from './truths.ts';

const MANIFEST = { ...aManifest(), clinicalUse: 'research' as const };
const TARGET: AcceptanceTarget = {
  ...{ label: 'bleed', sensitivityAtLeast: 0.6, ppvAtLeast: 0.6, nAtLeast: 6, positivesAtLeast: 3 },
};

let clinic: Clinic;
let digest: string;
let people: Readonly<Record<'owner' | 'lead' | 'installer' | 'reader' | 'second' | 'third', ReturnType<typeof person>>>;
beforeEach(() => {
  clinic = openClinic();
  [digest = ''] = brought(clinic, MANIFEST);
  people = {
    ...{ owner: person(clinic, 'owner'), lead: person(clinic, 'lead'), installer: person(clinic, 'installer') },
    ...{ reader: person(clinic, 'reader'), second: person(clinic, 'second'), third: person(clinic, 'third') },
  };
  silence(digest);
});
afterEach(() => clinic.close());

const site = () => clinic.north.siteId;
const act = (by: keyof typeof people, of = digest) => ({
  ...{ siteId: site(), digest: of, reason: 'a good reason', actor: people[by], atMs: clinic.nowMs() },
});
function silence(of: string): void {
  for (const to of ['verified', 'silent'] as const) {
    const taken = takeStep(clinic.db, { ...act('installer', of), to, permissions: EVERYTHING });
    if (!taken.ok) throw new Error(taken.error.code);
  }
}
const code = (outcome: { ok: true } | { ok: false; error: { code: string } }) =>
  outcome.ok ? 'ok' : outcome.error.code;
let studies = 0;
async function send(more: Record<string, unknown> = {}): Promise<string> {
  studies += 1;
  const uid = `1.2.5.${studies}`;
  const records = [1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
    aSlice(n, { StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.1`, SOPInstanceUID: `${uid}.1.${n}`, ...more }),
  );
  const studyId = await clinic.send(records);
  followAll(clinic);
  return studyId;
}
/** A study that the silent model gives this score, and a reader's word on it. */
async function study(score: number, isPresent: boolean | null, more: Record<string, unknown> = {}): Promise<string> {
  const studyId = await send(more);
  finishNext(clinic, score);
  if (isPresent !== null) expect(say(studyId, 'reader', isPresent)).toBe('ok');
  return studyId;
}
const say = (studyId: string, by: keyof typeof people, isPresent: boolean, label = 'bleed', modelId = 'bleed') =>
  code(
    recordTruth(clinic.db, {
      ...{ siteId: site(), studyId, modelId, labels: [{ label, isPresent }] },
      ...{ userId: people[by].id, atMs: clinic.nowMs() },
    }),
  );
const begun = (targets: readonly AcceptanceTarget[] = [TARGET], of = digest) =>
  acceptanceOf(clinic, of, people.owner, targets);
const report = (acceptance: ReturnType<typeof begun>, facts = NOTHING_READ) =>
  measureAcceptance(clinic.db, acceptance, facts);

test('what was flagged is counted against what readers said, as by hand, and by scanner, sex and age', async () => {
  const acceptance = begun();
  const woman = {
    PatientSex: 'F',
    PatientBirthDate: '19500615',
    StudyDate: '20260302',
    Manufacturer: 'Acme',
    ManufacturerModelName: 'One',
  };
  const man = {
    PatientSex: 'M',
    PatientBirthDate: '19900101',
    StudyDate: '20260302',
    Manufacturer: 'Other',
    ManufacturerModelName: 'Two',
  };
  for (const [score, isPresent, who] of [
    ...[
      [0.9, true, woman],
      [0.8, true, woman],
      [0.1, true, man],
      [0.7, false, man],
    ],
    ...[
      [0.2, false, woman],
      [0.3, false, man],
      [0.6, null, man],
    ],
  ] as [number, boolean | null, Record<string, string>][])
    await study(score, isPresent, { ...who, PatientID: `p-${studies}`, PatientName: `Patient^${studies}` });
  await send();
  failRun(clinic.db, startNext(clinic).runId, 'uneven-spacing', clinic.nowMs());
  const [label] = report(acceptance).labels;
  expect(label).toMatchObject({
    ...{ n: 6, positives: 3, tp: 2, fn: 1, fp: 1, tn: 2, flagFrom: 0.5, withoutTruth: 1, disputed: 0, unmet: [] },
    ...{
      sensitivity: { hits: 2, of: 3 },
      specificity: { hits: 2, of: 3 },
      ppv: { hits: 2, of: 3 },
      npv: { hits: 2, of: 3 },
    },
    byScanner: [
      { name: 'Acme One', tp: 2, fn: 0, fp: 0, tn: 1 },
      { name: 'Other Two', tp: 0, fn: 1, fp: 1, tn: 1 },
    ],
    bySex: [
      { name: 'F', n: 3 },
      { name: 'M', n: 3 },
    ],
    byAge: [
      { name: '18–39', n: 3 },
      { name: '65–79', n: 3 },
    ],
  });
  expect(label?.sensitivity.low).toBeCloseTo(0.207655, 5);
  expect(label?.sensitivity.high).toBeCloseTo(0.93851, 5);
  const whole = report(acceptance);
  expect(whole).toMatchObject({
    studies: 8,
    notRun: [{ reason: 'uneven-spacing', studies: 1 }],
    isMet: true,
    earlier: 0,
  });
  expect(JSON.stringify(whole)).not.toMatch(/Patient|p-\d/);
});

test.each([
  [{ nAtLeast: 7 }, ['n']],
  [{ positivesAtLeast: 4 }, ['positives']],
  [{ sensitivityAtLeast: 0.67 }, ['sensitivity']],
  [{ ppvAtLeast: 0.67 }, ['ppv']],
] as const)('with %o the targets are not reached, and nobody can sign', async (higher, unmet) => {
  const acceptance = begun([{ ...TARGET, ...higher }]);
  for (const [score, isPresent] of [
    [0.9, true],
    [0.8, true],
    [0.1, true],
    [0.7, false],
    [0.2, false],
    [0.3, false],
  ] as const)
    await study(score, isPresent);
  expect(report(acceptance).labels[0]?.unmet).toEqual(unmet);
  expect(code(sign(clinic, acceptance, 'model-owner', people.owner))).toBe('targets-not-met');
});

const EASY = { ...TARGET, sensitivityAtLeast: 0, ppvAtLeast: 0, nAtLeast: 1, positivesAtLeast: 1 };

test('two different people sign, neither of them who brought it in; with the second it stands, and the report as the first saw it', async () => {
  await study(0.9, true);
  const acceptance = begun([EASY]);
  const seen = report(acceptance).reportDigest;
  expect(code(sign(clinic, acceptance, 'model-owner', people.installer))).toBe('signer-installed-it');
  expect(code(sign(clinic, acceptance, 'model-owner', people.owner))).toBe('ok');
  expect(code(sign(clinic, acceptance, 'model-owner', people.second))).toBe('signed-already');
  expect(code(sign(clinic, acceptance, 'medical-lead', people.owner))).toBe('signer-signed-already');
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  expect(findStandingAcceptance(clinic.db, site(), model)).toBeNull();
  // More is known since: the second signs what the first signed, or nothing.
  await study(0.1, true);
  expect(code(sign(clinic, acceptance, 'medical-lead', people.lead))).toBe('report-has-changed');
  const [kept] = listAcceptances(clinic.db, site(), digest);
  expect([kept?.reportDigest, kept?.report?.reportDigest]).toEqual([seen, seen]);
  // Targets fixed anew begin again with both.
  const again = begun([EASY]);
  expect(code(sign(clinic, acceptance, 'medical-lead', people.lead))).toBe('acceptance-not-open');
  expect(code(sign(clinic, again, 'medical-lead', people.lead))).toBe('ok');
  expect(code(sign(clinic, again, 'model-owner', people.owner))).toBe('ok');
  expect(findStandingAcceptance(clinic.db, site(), model)).toBe(again.acceptanceId);
  expect(clinic.events('acceptance-signed').map(({ payload }) => payload['isComplete'])).toEqual([false, false, true]);
});

test('another operating point ends an open acceptance and a signed one', async () => {
  await study(0.9, true);
  const acceptance = begun([EASY]);
  sign(clinic, acceptance, 'model-owner', people.owner);
  sign(clinic, acceptance, 'medical-lead', people.lead);
  const open = begun([EASY]);
  chooseOperatingPoint(clinic.db, { ...act('owner'), name: null, flagFrom: { bleed: 0.95 } });
  signOperatingPoint(clinic.db, { ...act('lead'), version: 1 });
  const model = findModel(clinic.db, digest);
  expect(model && findStandingAcceptance(clinic.db, site(), model)).toBeNull();
  expect(code(sign(clinic, open, 'model-owner', people.owner))).toBe('acceptance-not-open');
  // The scores are the same; what is flagged is not.
  expect(report(begun([EASY])).labels[0]).toMatchObject({ tp: 0, fn: 1, flagFrom: 0.95 });
});

test('targets fixed before anybody saw a number count every silent run; fixed after, only those that come', async () => {
  await study(0.9, true);
  const first = begun([EASY]);
  expect(report(first).studies).toBe(1);
  noteReportRead(clinic.db, first, people.owner, clinic.nowMs());
  clinic.pass(1000);
  const second = begun([EASY]);
  expect([report(second).studies, report(second).earlier]).toEqual([0, 1]);
  clinic.pass(1000);
  await study(0.8, true);
  expect(report(second).studies).toBe(1);
});

test('targets are of labels that there are, each once', () => {
  const fix = (targets: readonly AcceptanceTarget[]) => code(fixTargets(clinic.db, { ...act('owner'), targets }));
  expect([fix([{ ...EASY, label: 'other' }]), fix([EASY, EASY])]).toEqual(['label-unknown', 'target-twice']);
});

test('the last word of each reader counts, the more of them; of as many on both sides nothing is known', async () => {
  const studyId = await study(0.9, null);
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  const truth = () => truthOf(clinic.db, studyId, model, 'bleed', NOTHING_READ);
  expect(truth()).toEqual({ state: 'unknown' });
  say(studyId, 'reader', false);
  say(studyId, 'reader', true);
  expect(truth()).toEqual({ state: 'known', isPresent: true, isBesideAi: false });
  say(studyId, 'second', false);
  expect([truth(), report(begun([EASY])).labels[0]?.disputed]).toEqual([{ state: 'disputed' }, 1]);
  say(studyId, 'third', false);
  expect(truth()).toMatchObject({ isPresent: false });
  expect(listQuestions(clinic.db, site(), studyId, people.reader.id)).toEqual([
    { modelId: 'bleed', label: 'bleed', name: 'Blood', mine: true },
  ]);
});

test('who saw what the silent model said gives no truth on it any more; and none is given of what is not asked', async () => {
  const studyId = await study(0.9, null);
  const shown = { siteId: site(), digest, studyIds: [studyId], userId: people.owner.id, atMs: clinic.nowMs() };
  noteResultsShown(clinic.db, shown);
  expect(say(studyId, 'owner', true)).toBe('result-was-seen');
  expect(say(studyId, 'reader', true)).toBe('ok');
  expect([say(studyId, 'reader', true, 'other'), say(studyId, 'reader', true, 'bleed', 'nobody')]).toEqual([
    ...['label-unknown', 'model-not-found'],
  ]);
  expect(say('01990000-0000-7000-8000-000000000001', 'reader', true)).toBe('study-not-found');
  // What was said stands in no event.
  expect(clinic.events('truth-recorded').map(({ payload }) => payload)).toEqual([{ labels: 1 }]);
});

test('where nobody said, a final report with decided findings does', async () => {
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  const ids = [await study(0.9, null), await study(0.9, null), await study(0.9, null)];
  clinic.db.exec("UPDATE runs SET stage = 'general'");
  const findings = clinic.db.prepare('SELECT study_id, finding_id FROM findings').raw().all() as [string, string][];
  const findingOf = new Map(findings);
  const decisions = new Map([
    [findingOf.get(ids[0] ?? ''), 'accepted' as const],
    [findingOf.get(ids[1] ?? ''), 'rejected' as const],
  ]);
  const facts = {
    isFinal: (studyId: string) => studyId !== 'x',
    decisionOf: (id: string) => decisions.get(id) ?? null,
  };
  const states = ids.map((studyId) => truthOf(clinic.db, studyId, model, 'bleed', facts));
  expect(states).toEqual([
    { state: 'known', isPresent: true, isBesideAi: true },
    { state: 'known', isPresent: false, isBesideAi: true },
    { state: 'unknown' },
  ]);
  expect(truthOf(clinic.db, ids[0] ?? '', model, 'bleed', { ...facts, isFinal: () => false })).toEqual({
    state: 'unknown',
  });
});

test('silent results are listed for who governs, and of what somebody may report only once it is final', async () => {
  const [first, second] = [await study(0.9, true), await study(0.2, null)];
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  const facts = { ...NOTHING_READ, isFinal: (studyId: string) => studyId === first };
  const list = (permissions: Parameters<typeof listSilentResults>[1]['permissions'], after?: string, limit = 10) =>
    listSilentResults(clinic.db, { siteId: site(), model, after, limit, permissions }, facts);
  const all = list(['models.silent']);
  expect(all.results.map(({ studyId, labels }) => [studyId, labels])).toEqual([
    [second, [{ label: 'bleed', score: 0.2, isFlagged: false, truth: null }]],
    [first, [{ label: 'bleed', score: 0.9, isFlagged: true, truth: true }]],
  ]);
  for (const permission of ['study.open', 'truth.record'] as const)
    expect(list(['models.silent', permission]).results.map(({ studyId }) => studyId)).toEqual([first]);
  const page = list(['models.silent'], undefined, 1);
  expect(list(['models.silent'], page.next ?? '', 1).results.map(({ studyId }) => studyId)).toEqual([first]);
});

test('a study in which the model before found nothing to judge counts as not flagged: what is there is missed', async () => {
  const acceptance = begun([{ ...TARGET, nAtLeast: 1, positivesAtLeast: 1 }]);
  for (const isPresent of [true, false]) {
    const studyId = await send();
    failRun(clinic.db, startNext(clinic).runId, 'not-applicable', clinic.nowMs());
    say(studyId, 'reader', isPresent);
  }
  expect(report(acceptance)).toMatchObject({ labels: [{ n: 2, tp: 0, fn: 1, fp: 0, tn: 1 }], isMet: false });
});

test('where small is bad what is low counts as flagged: in the report, in silent results, and at a signed operating point', async () => {
  const [label] = MANIFEST.labels;
  const [low = ''] = brought(clinic, {
    ...MANIFEST,
    version: '1.2.0',
    labels: label === undefined ? [] : [{ ...label, flagWhen: 'at-most' }],
    outputs: MANIFEST.outputs.map((one) => (one.role === 'classes' ? { ...one, aggregate: { how: 'min' } } : one)),
  });
  silence(low);
  const target = { ...TARGET, nAtLeast: 1, positivesAtLeast: 1 };
  const acceptance = begun([target], low);
  for (const [score, isPresent] of [
    [0.2, true],
    [0.5, true],
    [0.9, false],
  ] as const) {
    const studyId = await send();
    finishNext(clinic, score);
    finishNext(clinic, score);
    say(studyId, 'reader', isPresent);
  }
  const counted = { ...{ tp: 2, fn: 0, fp: 0, tn: 1 }, flagWhen: 'at-most' };
  expect(report(acceptance).labels).toMatchObject([counted]);
  const model = findModel(clinic.db, low);
  if (model === null) throw new Error('no model');
  const facts = { ...NOTHING_READ, isFinal: () => true };
  const question = { siteId: site(), model, after: undefined, limit: 9, permissions: EVERYTHING };
  const flagged = () => listSilentResults(clinic.db, question, facts).results.map(({ labels }) => labels[0]?.isFlagged);
  expect(flagged()).toEqual([false, true, true]);
  const chosen = chooseOperatingPoint(clinic.db, { ...act('owner', low), name: null, flagFrom: { bleed: 0.3 } });
  if (!chosen.ok) throw new Error(chosen.error.code);
  signOperatingPoint(clinic.db, { ...act('lead', low), version: chosen.value });
  expect(flagged()).toEqual([false, false, true]);
  const other = findModel(clinic.db, digest);
  if (other === null) throw new Error('no model');
  // Each by its own side: what one flags from 0.5 on the other flags at 0.3 and below.
  const [compared] = compareVersions(clinic.db, { ...question, other, finalOnly: false }, NOTHING_READ).labels;
  expect(compared).toMatchObject({ both: 0, onlyThis: 1, onlyOther: 2, neither: 0 });
});

test('of two versions that read a study anew for another patient what they said of that one counts', async () => {
  const [newer = ''] = brought(clinic, { ...MANIFEST, version: '1.1.0' });
  silence(newer);
  await send();
  for (const _run of [1, 2]) finishNext(clinic, 0.9);
  const columns = (clinic.db.pragma('table_info(runs)') as { name: string }[]).map(({ name }) => name);
  const anew = columns.map((name) => ({ run_id: "'anew ' || run_id", round: '1' })[name] ?? name);
  clinic.db.exec(`
    INSERT INTO runs SELECT ${anew.join(', ')} FROM runs;
    INSERT INTO run_scores (run_id, study_id, label, score) SELECT 'anew ' || run_id, study_id, label, 0.1 FROM run_scores;
    UPDATE runs SET state = 'superseded' WHERE round = 0`);
  const [one, two] = [findModel(clinic.db, newer), findModel(clinic.db, digest)];
  if (one === null || two === null) throw new Error('no model');
  const question = { siteId: site(), model: one, other: two, finalOnly: false };
  expect(compareVersions(clinic.db, question, NOTHING_READ).labels).toMatchObject([{ both: 0, neither: 1 }]);
});

test('two versions are held against each other on the studies that both read', async () => {
  const [newer = ''] = brought(clinic, { ...MANIFEST, version: '1.1.0' });
  silence(newer);
  // Of each study the older is done first.
  for (const [older, later] of [
    [0.9, 0.8],
    [0.9, 0.3],
    [0.2, 0.6],
    [0.1, 0.1],
  ] as const) {
    await send();
    const run = finishNext(clinic, 0);
    const other = finishNext(clinic, 0);
    for (const one of [run, other])
      clinic.db
        .prepare('UPDATE run_scores SET score = ? WHERE run_id = ?')
        .run(one.modelDigest === newer ? later : older, one.runId);
  }
  const [one, two] = [findModel(clinic.db, newer), findModel(clinic.db, digest)];
  if (one === null || two === null) throw new Error('no model');
  const question = { siteId: site(), model: one, other: two, finalOnly: false };
  const { studies: both, labels } = compareVersions(clinic.db, question, NOTHING_READ);
  expect(both).toBe(4);
  expect(labels).toMatchObject([
    {
      label: 'bleed',
      both: 1,
      onlyThis: 1,
      onlyOther: 1,
      neither: 1,
      agreement: { hits: 2, of: 4, value: 0.5 },
      flagged: { hits: 2, of: 4 },
      otherFlagged: { hits: 2, of: 4 },
      kappa: 0,
    },
  ]);
  expect(labels[0]?.difference?.mean).toBeCloseTo((-0.1 - 0.6 + 0.4 + 0) / 4, 12);
  expect([labels[0]?.difference?.largest, labels[0]?.difference?.p50]).toEqual([0.3 - 0.9, 0.8 - 0.9]);
  // Where they disagree, the newest first, a page at a time; nothing is left out and nothing comes twice.
  const first = listDiscordances(clinic.db, { ...question, after: undefined, limit: 1 }, NOTHING_READ);
  const after = first.next ?? undefined;
  const second = listDiscordances(clinic.db, { ...question, after, limit: 1 }, NOTHING_READ);
  expect([...first.discordances, ...second.discordances]).toMatchObject([
    { label: 'bleed', score: 0.6, otherScore: 0.2, isFlagged: true, otherIsFlagged: false, truth: null },
    { label: 'bleed', score: 0.3, otherScore: 0.9, isFlagged: false, otherIsFlagged: true, truth: null },
  ]);
  expect(second.next).toBeNull();
  // Whoever may report learns of those studies alone whose report is final, and of no count of the others.
  const [final] = second.discordances;
  const facts = { ...NOTHING_READ, isFinal: (studyId: string) => studyId === final?.studyId };
  const theirs = { ...question, finalOnly: true };
  expect(compareVersions(clinic.db, theirs, facts)).toMatchObject({ studies: 1, labels: [{ onlyOther: 1, both: 0 }] });
  expect(listDiscordances(clinic.db, { ...theirs, after: undefined, limit: 9 }, facts).discordances).toEqual([final]);
});

test('kappa is as computed elsewhere: agreement .925 where chance gives .6125', () => {
  // 200 pairs: 45 both, 10 and 5 one alone, 140 neither.
  expect(kappaOf({ both: 45, onlyThis: 10, onlyOther: 5, neither: 140 })).toBeCloseTo(0.806452, 6);
  expect(kappaOf({ both: 0, onlyThis: 0, onlyOther: 0, neither: 5 })).toBeNull();
});

test.each([
  ['19500615', '20200614', '65–79'],
  ['19400615', '20200614', '65–79'],
  ['19400615', '20200615', '80+'],
  ['20200101', '20200101', '0–17'],
  ['20021231', '20201231', '18–39'],
  [null, '20200101', ''],
  ['1950', '20200101', ''],
  ['20200102', '20200101', ''],
])('born %s, examined %s: %s', (birthDateRaw, dateRaw, band) => {
  expect(ageBand({ patient: { birthDateRaw }, dateRaw })).toBe(band);
});
