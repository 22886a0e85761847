import { afterEach, beforeEach, expect, test } from 'vitest';
import { inferenceConsumer } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { brought } from '../testing/governed.ts';
import { aManifest, finishNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { openWebClinic, type WebClinic } from './dicomweb/test-web-clinic.ts';
import { TEST_PASSWORD, type TestClient } from './test-station.ts';

const MANIFEST = { ...aManifest(), clinicalUse: 'research' as const };
let web: WebClinic;
const sockets: { close(): void }[] = [];
beforeEach(async () => {
  web = await openWebClinic();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await web.close();
});

async function as(role: Parameters<WebClinic['station']['token']>[0]): Promise<TestClient> {
  const { client, socket } = await web.station.connect(await web.station.token(role));
  sockets.push(socket);
  return client;
}
const conflict = (code: string) => ({ status: 409, data: { code } });

test('from a package to a pilot: people of four roles, each with their password', async () => {
  const { clinic } = web;
  const [digest = '', newer = ''] = brought(clinic, MANIFEST, { ...MANIFEST, version: '1.1.0' });
  const administrator = await as('administrator');
  const owner = await as('model-owner');
  const lead = await as('medical-lead');
  const reader = await as('truth-reader');
  const signed = { digest, reason: 'to be measured here', password: TEST_PASSWORD };
  await expect(administrator.models.step({ ...signed, to: 'verified', password: 'wrong' })).rejects.toMatchObject(
    conflict('password-wrong'),
  );
  await administrator.models.step({ ...signed, to: 'verified' });
  expect(await administrator.models.step({ ...signed, to: 'silent' })).toMatchObject({
    stage: 'silent',
    isShown: false,
  });
  const detail = await lead.models.get({ digest });
  expect(detail.steps.find(({ to }) => to === 'pilot')).toEqual({ to: 'pilot', missing: ['acceptance-missing'] });
  await expect(administrator.models.comparison({ digest, otherDigest: digest })).rejects.toMatchObject(
    conflict('other-model'),
  );
  expect(await owner.models.comparison({ digest, otherDigest: newer })).toMatchObject({ studies: 0, labels: [] });

  const studyId = (await clinic.send([1, 2, 3, 4, 5, 6, 7, 8].map((n) => aSlice(n)))) as never;
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  finishNext(clinic, 0.9);
  expect(await reader.truths.questions({ studyId })).toEqual([
    { modelId: 'bleed', label: 'bleed', name: 'Blood', mine: null },
  ]);
  await reader.truths.record({ studyId, modelId: 'bleed', labels: [{ label: 'bleed', isPresent: true }] });

  const targets = [{ label: 'bleed', sensitivityAtLeast: 0.5, ppvAtLeast: 0.5, nAtLeast: 1, positivesAtLeast: 1 }];
  const { acceptanceId } = await owner.models.fixTargets({ ...signed, targets });
  const report = await owner.models.acceptanceReport({ digest, acceptanceId });
  expect(report).toMatchObject({ studies: 1, isMet: true, labels: [{ n: 1, tp: 1, sensitivity: { value: 1 } }] });
  const signature = { digest, acceptanceId, reportDigest: report.reportDigest, password: TEST_PASSWORD };
  await expect(owner.models.signAcceptance({ ...signature, as: 'medical-lead' })).rejects.toMatchObject(
    conflict('signature-not-permitted'),
  );
  expect(await owner.models.signAcceptance({ ...signature, as: 'model-owner' })).toMatchObject({ state: 'open' });
  clinic.pass(1000);
  expect(await lead.models.signAcceptance({ ...signature, as: 'medical-lead' })).toMatchObject({
    ...{ state: 'signed', reportDigest: report.reportDigest },
    signatures: [{ by: { display: 'model-owner' } }, { by: { display: 'medical-lead' } }],
  });
  const readers = await lead.models.readers();
  expect(readers.map(({ displayName }) => displayName)).toEqual(['radiologist']);
  const pilot = {
    groups: [{ name: 'Neuro', userIds: readers.map(({ userId }) => userId) }],
    descriptions: [],
    share: 0.5,
  };
  expect(await lead.models.step({ ...signed, to: 'pilot', pilot })).toMatchObject({
    stage: 'pilot',
    isShown: true,
    pilot,
  });
  const [newest] = await owner.models.history({ digest });
  expect(newest).toMatchObject({
    ...{ from: 'silent', to: 'pilot', reason: 'to be measured here', acceptanceId, by: { display: 'medical-lead' } },
  });
  // Now that it is shown, those who read know of it; of the other version they do not.
  const radiologist = await as('radiologist');
  expect((await radiologist.models.list()).map((model) => model.digest)).toEqual([digest]);
  expect((await radiologist.models.get({ digest })).otherVersions).toEqual([]);
  await expect(radiologist.models.get({ digest: newer })).rejects.toMatchObject({ status: 404 });
  expect(await administrator.models.suspend({ ...signed, reason: 'complaints' })).toMatchObject({ stage: 'suspended' });
  expect(await radiologist.models.list()).toEqual([]);
});

test('guessing a signer’s password is slowed down as signing in is', async () => {
  const [digest = ''] = brought(web.clinic, MANIFEST);
  const owner = await as('model-owner');
  const guess = (): Promise<unknown> =>
    owner.models
      .step({ digest, to: 'verified', reason: 'a guess', password: 'wrong' })
      .catch((error: unknown) => error);
  const statuses: unknown[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) statuses.push(((await guess()) as { status: number }).status);
  expect(statuses.at(-1)).toBe(429);
});
