import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROLE_PERMISSIONS, type Role } from '../../../../shared/domain/permissions.ts';
import type { Principal } from '../../access/index.ts';
import {
  describeDrift,
  inferenceConsumer,
  listModelRuns,
  listModels,
  measureModel,
  measuringConsumer,
  overviewModels,
} from '../../inference/index.ts';
import { followLedger } from '../../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { finishNext, installed } from '../../testing/models.ts';
import { aSlice } from '../../testing/objects.ts';
import { type ModelFigureServices, modelFigureServices } from './model-figure-services.ts';
import type { Readers } from './readers.ts';

let clinic: Clinic;
let services: ModelFigureServices;
let digest: string;

beforeEach(async () => {
  clinic = openClinic();
  const { db, archive } = clinic;
  // The same work as in the threads, on this one.
  const tasks: Readonly<Record<string, (input: never) => unknown>> = {
    'overview-models': (question: Parameters<typeof overviewModels>[1]) => overviewModels(db, question),
    'measure-model': (question: Parameters<typeof measureModel>[1]) => measureModel(db, question),
    'describe-drift': (asked: { where: { siteId: string; digest: string }; nowMs: number }) =>
      describeDrift(db, asked.where, asked.nowMs),
    'list-model-runs': (question: Parameters<typeof listModelRuns>[1]) => listModelRuns(db, question),
  };
  const readers = {
    run: (task: string, input: never) => Promise.resolve(tasks[task]?.(input)),
    close: () => Promise.resolve(),
  } as unknown as Readers;
  const limits = { leastShare: 0.95, days: 7, leastStudies: 20 };
  services = modelFigureServices({ db, readers, clock: archive.clock, limits, driftSuspends: true });
  installed(clinic, 'general', { id: 'bleed' });
  digest = listModels(db)[0]?.digest ?? '';
  await clinic.send([1, 2, 3, 4, 5, 6, 7, 8].map((n) => aSlice(n)));
  const followers = followLedger(db, [inferenceConsumer, measuringConsumer], { clock: archive.clock, log: clinic.log });
  followers.catchUp();
  finishNext(clinic, 0.9);
  followers.catchUp();
});
afterEach(() => clinic.close());

const as = (...roles: readonly Role[]): Principal =>
  ({
    ...{ userId: 'u', siteId: clinic.north.siteId, siteIds: [clinic.north.siteId], roles },
    permissions: roles.flatMap((role) => ROLE_PERMISSIONS[role]),
  }) as unknown as Principal;
const silence = () => {
  clinic.db.prepare("UPDATE model_exposures SET stage = 'silent'").run();
  clinic.db.prepare("UPDATE runs SET stage = 'silent'").run();
};
const runsFor = async (principal: Principal) => (await services.runs(principal, { digest, limit: 10 }))?.runs.length;

test('a model that is shown is told of to everyone who may read of models', async () => {
  const radiologist = as('radiologist');
  const { models } = await services.overview(radiologist);
  expect(models).toMatchObject([{ digest, coverage: { run: 1, notRun: 0 }, alarms: [], drift: null }]);
  expect(models[0]?.p95Ms).not.toBeNull();
  expect((await services.figures(radiologist, { digest, days: 7 }))?.all.run).toBe(1);
  expect(services.golden(radiologist, digest)).toMatchObject([{ provider: 'cpu', code: null }]);
  expect(await services.drift(radiologist, digest)).toEqual({ features: [], suspends: true });
  expect(await runsFor(radiologist)).toBe(1);
});

test('of a silent model only those who govern models are told, and of its runs nobody who may report', async () => {
  silence();
  const radiologist = as('radiologist');
  expect((await services.overview(radiologist)).models).toEqual([]);
  expect(await services.figures(radiologist, { digest, days: 7 })).toBeNull();
  expect(await services.drift(radiologist, digest)).toBeNull();
  expect(services.golden(radiologist, digest)).toBeNull();
  expect(await services.card(radiologist, digest)).toBeNull();
  expect(await services.runs(radiologist, { digest, limit: 10 })).toBeNull();
  const owner = as('model-owner');
  expect((await services.overview(owner)).models.map((model) => model.digest)).toEqual([digest]);
  expect(await runsFor(owner)).toBe(1);
  expect(await runsFor(as('model-owner', 'radiologist'))).toBe(0);
  expect(await runsFor(as('model-owner', 'truth-reader'))).toBe(0);
});

test('nothing of one site is told at another', async () => {
  const south = { ...as('model-owner'), siteId: clinic.south.siteId };
  expect((await services.figures(south, { digest, days: 7 }))?.all.run).toBe(0);
  expect((await services.runs(south, { digest, limit: 10 }))?.runs).toEqual([]);
});

test('the card is the text beside the manifest; one that is missing or too long is none', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-card-'));
  try {
    clinic.db.prepare('UPDATE models SET package_path = ?').run(folder);
    expect(await services.card(as('model-owner'), digest)).toEqual({ text: null });
    writeFileSync(path.join(folder, 'card.md'), '# Über');
    expect(await services.card(as('model-owner'), digest)).toEqual({ text: '# Über' });
    writeFileSync(path.join(folder, 'card.md'), 'x'.repeat(200_000));
    expect(await services.card(as('model-owner'), digest)).toEqual({ text: null });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a model that nobody installed is not found', async () => {
  expect(await services.figures(as('administrator'), { digest: 'f'.repeat(64), days: 7 })).toBeNull();
});
