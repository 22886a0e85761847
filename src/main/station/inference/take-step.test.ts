import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  EXPOSURE_STAGES,
  EXPOSURE_STEPS,
  type ExposureStage,
  findStep,
  type PilotScope,
} from '../../../shared/domain/exposure.ts';
import type { Permission } from '../../../shared/domain/permissions.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { acceptanceOf, brought, easyTarget, EVERYTHING, person, sign } from '../testing/governed.ts';
import { aManifest, finishNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { findExposure, listSteps, usesFor } from './exposure-rows.ts';
import { findModel, listExposedModels } from './models.ts';
import { moveExposure } from './move-exposure.ts';
import { chooseOperatingPoint, signOperatingPoint } from './operating-points.ts';
import { thresholdsFor } from './operating-point-rows.ts';
import { findRollback, rollBack } from './roll-back.ts';
import { listFindings } from './findings.ts';
import { SETTLE_JOB, settleSome } from './settle-exposure.ts';
import { aiStatus } from './study-ai-status.ts';
import { setUses, suspendModel, takeStep } from './take-step.ts';
import { recordTruth } from './truths.ts';

const EVERYONE: PilotScope = { groups: [], descriptions: [], share: 1 };
const CLEARED = { ...aManifest(), clinicalUse: 'research' as const };
const [owner, lead, installer] = [0, 1, 2] as const;

let clinic: Clinic;
let digest: string;
let people: readonly ReturnType<typeof person>[];
beforeEach(() => {
  clinic = openClinic();
  [digest = ''] = brought(clinic, CLEARED);
  people = ['owner', 'lead', 'installer', 'reader'].map((name) => person(clinic, name));
});
afterEach(() => clinic.close());

const site = () => clinic.north.siteId;
const who = (index: number) => {
  const actor = people[index];
  if (actor === undefined) throw new Error('nobody');
  return actor;
};
const act = (of = digest, by = installer as number) => ({
  ...{ siteId: site(), digest: of, reason: 'a good reason', actor: who(by), atMs: clinic.nowMs() },
});
const step = (
  to: ExposureStage,
  more: { of?: string; by?: number; pilot?: PilotScope; permissions?: readonly Permission[] } = {},
) => {
  const pilot = 'pilot' in more ? more.pilot : to === 'pilot' ? EVERYONE : undefined;
  return takeStep(clinic.db, { ...act(more.of, more.by), to, pilot, permissions: more.permissions ?? EVERYTHING });
};
const code = (outcome: { ok: true } | { ok: false; error: { code: string } }) =>
  outcome.ok ? 'ok' : outcome.error.code;
const stage = (of = digest) => findExposure(clinic.db, site(), of).stage;
let studies = 0;
async function sendHead(more: Record<string, unknown> = {}): Promise<string> {
  studies += 1;
  const uid = `1.2.3.${studies}`;
  const records = [1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
    aSlice(n, { StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.1`, SOPInstanceUID: `${uid}.1.${n}`, ...more }),
  );
  const studyId = await clinic.send(records);
  followAll(clinic);
  return studyId;
}
/** A positive study that the silent model flags, and an acceptance of it signed by the two. */
async function accept(of = digest): Promise<void> {
  const studyId = await sendHead();
  const waiting = listExposedModels(clinic.db, site()).length;
  for (let run = 0; run < waiting; run += 1) finishNext(clinic, 0.9);
  recordTruth(clinic.db, {
    ...{ siteId: site(), studyId, modelId: 'bleed', userId: who(3).id, atMs: clinic.nowMs() },
    labels: [{ label: 'bleed', isPresent: true }],
  });
  const acceptance = acceptanceOf(clinic, of, who(owner), [easyTarget('bleed')]);
  expect(code(sign(clinic, acceptance, 'model-owner', who(owner)))).toBe('ok');
  expect(code(sign(clinic, acceptance, 'medical-lead', who(lead)))).toBe('ok');
}
async function toGeneral(of = digest): Promise<void> {
  for (const to of ['verified', 'silent'] as const) expect(code(step(to, { of }))).toBe('ok');
  await accept(of);
  for (const to of ['pilot', 'general'] as const) expect(code(step(to, { of }))).toBe('ok');
}
/** Puts the model to a stage as no step would, to begin a test there. */
function put(to: ExposureStage): void {
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  if (stage() !== to)
    moveExposure(clinic.db, { ...act(), model, to, cause: 'step', pilot: to === 'pilot' ? EVERYONE : null });
}

test('a model goes the whole way step by step, each with its event, its reason and who took it', async () => {
  await toGeneral();
  expect(stage()).toBe('general');
  const steps = listSteps(clinic.db, site(), digest).toReversed();
  expect(steps.map(({ from, to }) => `${from} → ${to}`)).toEqual([
    ...['off → verified', 'verified → silent', 'silent → pilot', 'pilot → general'],
  ]);
  expect(steps.every(({ reason, actor }) => reason === 'a good reason' && actor.id === who(installer).id)).toBe(true);
  const told = clinic.events('model-exposed');
  expect(told.map(({ payload }) => [payload['stage'], payload['stepId']])).toEqual(
    steps.map(({ to, stepId }) => [to, stepId]),
  );
  expect(JSON.stringify(told)).not.toContain('a good reason');
  expect(steps.map(({ acceptanceId }) => acceptanceId !== null)).toEqual([false, false, true, true]);
});

const pairs = EXPOSURE_STAGES.flatMap((from) => EXPOSURE_STAGES.map((to) => [from, to] as const));

test.each(pairs.filter(([from, to]) => findStep(from, to) === null))('there is no step from %s to %s', (from, to) => {
  put(from);
  expect([code(step(to)), stage()]).toEqual(['no-such-step', from]);
});

test.each(EXPOSURE_STEPS.map((one) => [one.from, one.to, one] as const))(
  'the step from %s to %s is taken by who may, and by nobody else',
  (from, to, { permission, needs }) => {
    put(from);
    const others = EVERYTHING.filter((one) => one !== permission);
    expect([code(step(to, { permissions: others })), stage()]).toEqual(['step-not-permitted', from]);
    // Nothing is accepted here, so whatever needs it stops at that.
    expect(code(step(to, { permissions: [permission] }))).toBe(
      needs.includes('acceptance') ? 'acceptance-missing' : 'ok',
    );
    expect(stage()).toBe(needs.includes('acceptance') ? from : to);
  },
);

test('nothing skips verification: a package that is not verified here goes nowhere', () => {
  clinic.db.exec("UPDATE models SET state = 'installed'");
  expect([code(step('verified')), stage()]).toEqual(['model-not-verified', 'off']);
  put('verified');
  clinic.db.exec("UPDATE models SET state = 'broken'");
  expect([code(step('silent')), stage()]).toEqual(['model-not-verified', 'verified']);
});

test('a model for no clinical use does not leave silent outside a demo, accepted or not', async () => {
  const [unfit = ''] = brought(clinic, aManifest({ id: 'bleed', category: 2 }));
  for (const to of ['verified', 'silent'] as const) step(to, { of: unfit });
  await accept(unfit);
  expect([code(step('pilot', { of: unfit })), stage(unfit)]).toEqual(['no-clinical-use', 'silent']);
});

test('a pilot needs its scope, and only people of the site are in its groups', async () => {
  for (const to of ['verified', 'silent'] as const) step(to);
  await accept();
  const group = (userId: string) => ({ ...EVERYONE, groups: [{ name: 'Neuro', userIds: [userId] }] });
  expect(code(step('pilot', { pilot: undefined as never }))).toBe('pilot-scope-missing');
  expect(code(step('pilot', { pilot: group('01990000-0000-7000-8000-000000000001') }))).toBe('user-unknown');
  expect([code(step('pilot', { pilot: group(who(3).id) })), stage()]).toEqual(['ok', 'pilot']);
});

test('a model nobody knows is not found by any verb', () => {
  const nobody = act('f'.repeat(64));
  const outcomes = [
    ...[step('silent', { of: nobody.digest }), rollBack(clinic.db, { ...nobody, to: 'stage-before' })],
    ...[suspendModel(clinic.db, nobody), setUses(clinic.db, { ...nobody, uses: [] })],
    chooseOperatingPoint(clinic.db, { ...nobody, name: null, flagFrom: {} }),
    signOperatingPoint(clinic.db, { ...nobody, version: 1 }),
  ];
  expect(outcomes.map(code)).toEqual(outcomes.map(() => 'model-not-found'));
});

test('one rollback takes it to the stage before; what came from above is not rolled back upwards', async () => {
  await toGeneral();
  const back = () => code(rollBack(clinic.db, { ...act(), to: 'stage-before' }));
  expect([back(), stage(), findExposure(clinic.db, site(), digest).pilot]).toEqual(['ok', 'pilot', EVERYONE]);
  expect([back(), stage()]).toEqual(['nothing-to-roll-back', 'pilot']);
  put('suspended');
  expect([back(), stage()]).toEqual(['nothing-to-roll-back', 'suspended']);
});

test('a new version runs silently beside the general one, takes its place, and gives it back in one action', async () => {
  await toGeneral();
  const [newer = ''] = brought(clinic, { ...CLEARED, version: '1.1.0' });
  expect([stage(), stage(newer)]).toEqual(['general', 'off']);
  for (const to of ['verified', 'silent'] as const) step(to, { of: newer });
  const shadowed = await sendHead();
  const runs = clinic.db.prepare('SELECT stage FROM runs WHERE study_id = ? ORDER BY stage').pluck().all(shadowed);
  expect(runs).toEqual(['general', 'silent']);
  for (const score of [0.9, 0.9]) finishNext(clinic, score);
  expect(listFindings(clinic.db, shadowed).map(({ model }) => model.version)).toEqual(['1.0.0']);
  // The acceptance of the older one is none of the newer.
  expect(code(step('pilot', { of: newer }))).toBe('acceptance-missing');
  await accept(newer);
  for (const to of ['pilot', 'general'] as const) expect(code(step(to, { of: newer }))).toBe('ok');
  expect([stage(), stage(newer)]).toEqual(['silent', 'general']);
  const model = findModel(clinic.db, newer);
  expect(model && findRollback(clinic.db, site(), model).version).toMatchObject({ stage: 'general' });
  expect(code(rollBack(clinic.db, { ...act(newer), to: 'version-before' }))).toBe('ok');
  expect([stage(), stage(newer)]).toEqual(['general', 'silent']);
  expect(code(rollBack(clinic.db, { ...act(newer), to: 'version-before' }))).toBe('nothing-to-roll-back');
});

test('the version before is not brought back broken', async () => {
  await toGeneral();
  const [newer = ''] = brought(clinic, { ...CLEARED, version: '1.1.0' });
  await toGeneral(newer);
  clinic.db.prepare("UPDATE models SET state = 'broken' WHERE digest = ?").run(digest);
  expect(code(rollBack(clinic.db, { ...act(newer), to: 'version-before' }))).toBe('model-not-verified');
  expect([stage(), stage(newer)]).toEqual(['silent', 'general']);
});

test('a suspension by a part of the station ends what waits as not run, and says who and why', async () => {
  await toGeneral();
  const studyId = await sendHead();
  expect(aiStatus(clinic.db, studyId)).toEqual({ state: 'waiting' });
  const drift = { kind: 'service', id: 'drift' } as const;
  expect(code(suspendModel(clinic.db, { ...act(), actor: drift, reason: 'scores moved' }))).toBe('ok');
  clinic.runJobs({ [SETTLE_JOB]: settleSome });
  expect(aiStatus(clinic.db, studyId)).toEqual({ state: 'not-run', reason: 'model-unavailable' });
  expect(listSteps(clinic.db, site(), digest)[0]).toMatchObject({
    cause: 'suspended',
    reason: 'scores moved',
    actor: drift,
  });
  expect(code(suspendModel(clinic.db, act()))).toBe('not-running');
  const after = await sendHead();
  expect(aiStatus(clinic.db, after)).toEqual({ state: 'no-model' });
});

test('back to silent, what waits is computed and shown to nobody; what was shown stays', async () => {
  await toGeneral();
  const shown = await sendHead();
  finishNext(clinic, 0.9);
  const waiting = await sendHead();
  expect(code(step('silent'))).toBe('ok');
  finishNext(clinic, 0.9);
  expect([shown, waiting].map((studyId) => listFindings(clinic.db, studyId).length)).toEqual([1, 0]);
  // Late images of the one that was shown: what nobody sees takes nothing away.
  const uid = String(clinic.db.prepare('SELECT study_uid FROM studies WHERE study_id = ?').pluck().get(shown));
  await clinic.send([
    aSlice(9, { StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.1`, SOPInstanceUID: `${uid}.1.9` }),
  ]);
  clinic.pass(200_000);
  clinic.runJobs();
  followAll(clinic);
  finishNext(clinic, 0.1);
  expect(listFindings(clinic.db, shown).map(({ state, revision }) => [state, revision])).toEqual([['unverified', 8]]);
  expect(aiStatus(clinic.db, shown).state).toBe('flagged');
});

test('uses are narrowed by the site, and never widened', async () => {
  await toGeneral();
  const set = (uses: Parameters<typeof setUses>[1]['uses']) => code(setUses(clinic.db, { ...act(), uses }));
  expect([set(['mark', 'notify']), set(['draft'])]).toEqual(['use-not-permitted', 'use-not-permitted']);
  expect(set(['mark'])).toBe('ok');
  const model = findModel(clinic.db, digest);
  expect(model && usesFor(clinic.db, site(), model)).toEqual(['mark']);
  const studyId = await sendHead();
  finishNext(clinic, 0.9);
  expect(listFindings(clinic.db, studyId).map(({ uses }) => uses)).toEqual([['mark']]);
  expect(aiStatus(clinic.db, studyId).state).toBe('no-model');
  expect(clinic.events('model-uses-set')).toHaveLength(1);
});

test('an operating point is chosen by one, signed by another, and sends a model that is shown back to silent and to a new acceptance', async () => {
  await toGeneral();
  const choose = (flagFrom: Record<string, number | null>) =>
    code(chooseOperatingPoint(clinic.db, { ...act(digest, owner), name: null, flagFrom }));
  expect([choose({}), choose({ bleed: 0.5, other: 1 })]).toEqual(['label-missing', 'label-unknown']);
  expect(choose({ bleed: 0.7 })).toBe('ok');
  const signPoint = (version: number, by: number) =>
    code(signOperatingPoint(clinic.db, { ...act(digest, by), version }));
  expect([signPoint(1, owner), signPoint(2, lead), stage()]).toEqual(['signer-chose-it', 'not-proposed', 'general']);
  expect([signPoint(1, lead), stage()]).toEqual(['ok', 'silent']);
  const model = findModel(clinic.db, digest);
  expect(model && thresholdsFor(clinic.db, site(), model)).toEqual({ operatingPoint: 1, flagFrom: { bleed: 0.7 } });
  expect(code(step('pilot'))).toBe('acceptance-missing');
  await accept();
  expect(code(step('pilot'))).toBe('ok');
  await sendHead();
  const flagged = () => clinic.db.prepare('SELECT count(*) FROM findings').pluck().get();
  const before = flagged();
  finishNext(clinic, 0.69);
  expect(flagged()).toBe(before);
});

test('a pilot shows its exams, its share and its readers, and is silent for all others', async () => {
  for (const to of ['verified', 'silent'] as const) step(to);
  await accept();
  step('pilot', { pilot: { groups: [], descriptions: ['stroke'], share: 1 } });
  const other = await sendHead();
  const stroke = await sendHead({ StudyDescription: 'CT Brain STROKE protocol' });
  for (const score of [0.9, 0.9]) finishNext(clinic, score);
  expect([other, stroke].map((id) => aiStatus(clinic.db, id).state)).toEqual(['no-model', 'flagged']);
  const reader = who(3).id;
  step('pilot', { pilot: { ...EVERYONE, groups: [{ name: 'Neuro', userIds: [reader] }] } });
  const limited = await sendHead();
  finishNext(clinic, 0.9);
  expect(aiStatus(clinic.db, limited)).toEqual({ state: 'no-model' });
  const seenBy = [null, who(lead).id, reader].map((viewer) => listFindings(clinic.db, limited, viewer).length);
  expect(seenBy).toEqual([0, 0, 1]);
});

test('whatever is tried in whatever order, nothing is shown that was not verified, silent and accepted, and every step is on record', async () => {
  const tries = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('step' as const), to: fc.constantFrom(...EXPOSURE_STAGES) }),
      fc.record({
        do: fc.constantFrom(
          'back' as const,
          'version-back' as const,
          'suspend' as const,
          'accept' as const,
          'point' as const,
        ),
      }),
    ),
    { maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(tries, async (sequence) => {
      clinic.close();
      clinic = openClinic();
      [digest = ''] = brought(clinic, CLEARED);
      people = ['owner', 'lead', 'installer', 'reader'].map((name) => person(clinic, name));
      let [wasVerified, wasSilent, isAccepted] = [false, false, false];
      for (const one of sequence) {
        const before = stage();
        const recorded = listSteps(clinic.db, site(), digest).length;
        let done = true;
        if (one.do === 'step') done = step(one.to).ok;
        else if (one.do === 'back') done = rollBack(clinic.db, { ...act(), to: 'stage-before' }).ok;
        else if (one.do === 'version-back') done = rollBack(clinic.db, { ...act(), to: 'version-before' }).ok;
        else if (one.do === 'suspend') done = suspendModel(clinic.db, act()).ok;
        else if (one.do === 'accept' && before === 'silent') {
          await accept();
          isAccepted = true;
        } else if (one.do === 'point') {
          const chosen = chooseOperatingPoint(clinic.db, {
            ...act(digest, owner),
            name: null,
            flagFrom: { bleed: 0.4 },
          });
          if (chosen.ok) signOperatingPoint(clinic.db, { ...act(digest, lead), version: chosen.value });
          isAccepted = false;
        }
        const after = stage();
        wasVerified ||= after === 'verified';
        wasSilent ||= after === 'silent';
        const more = listSteps(clinic.db, site(), digest).length - recorded;
        if (['pilot', 'general'].includes(after) && (!wasVerified || !wasSilent || !isAccepted)) return false;
        if (!done && (after !== before || more !== 0)) return false;
        if (after !== before && more !== 1) return false;
      }
      return clinic.events('model-exposed').length === listSteps(clinic.db, site(), digest).length;
    }),
    { numRuns: 40 },
  );
});
