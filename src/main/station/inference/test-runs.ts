import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { onCommit } from '../platform/store/transaction.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { forkRunnerHost } from './fork-runner-host.ts';
import {
  endRest,
  exposeModels,
  inferenceConsumer,
  installModels,
  PROBE_JOB,
  probeModel,
  RETRY_JOB,
  setRunPriority,
  type RunPriority,
} from './index.ts';
import { machineFacts } from './machine-facts.ts';
import { readManifest } from './read-manifest.ts';
import type { ModelPackage } from './read-package.ts';
import { KEEP_NUMBERS } from './run-outputs.ts';
import { createRunWorker } from './run-worker.ts';
import type { RunnerHost } from './runner-host.ts';
import { superviseRunner } from './runner-supervisor.ts';
import { ballHead, sliceRecord } from './runner/test-series.ts';

const SHIPPED = path.resolve(import.meta.dirname, '../../../../resources/models/head-ct-hyperdense');
const RUNNER = path.join(import.meta.dirname, 'runner/index.ts');

/** For tests: a clinic whose runs are computed by a real runner process with the shipped model. */
export type ComputingClinic = {
  readonly clinic: Clinic;
  /** Ends the runner as somebody from outside would. */
  kill(): void;
  /** How often the runner was told to load a model. */
  loads(): number;
  /** A head CT of a patient of its own, with or without blood; gives its id, and owes it its run, as urgent as is said. */
  sendHead(n: number, hasBlood?: boolean, priority?: RunPriority, slices?: number): Promise<string>;
  /** A study of these objects; gives its id, and owes it its runs. */
  sendRecords(records: readonly DicomRecord[]): Promise<string>;
  /** Starts runner and worker. */
  start(): void;
  /** Lets so much time pass and does what is due then. */
  pass(ms: number): void;
  /** How many runs stand in each state. */
  states(): Readonly<Record<string, number>>;
  close(): Promise<void>;
};

/** What may be other than usual: the manifest's limits, the program in the runner's place, and a silent model beside the shown one. */
export type ComputingWish = {
  readonly limits?: Partial<Pick<ModelManifest, 'budgetMs' | 'memoryMb' | 'toleranceMs'>>;
  readonly runner?: string;
  /** From how many slices on a study is read by a second model, which nobody sees; none where left out. */
  readonly silentFromSlices?: number;
  /** In the place of the shipped model: packages written into a folder. */
  readonly packages?: (folder: string) => readonly ModelPackage[];
};

/** The second model of a clinic that has one. */
export const SILENT_MODEL = 'silent-head';

/** Opens one. */
export function openComputingClinic({
  limits = {},
  runner = RUNNER,
  silentFromSlices,
  packages: others,
}: ComputingWish = {}): ComputingClinic {
  const clinic = openClinic();
  const { db, log, archive } = clinic;
  const root = mkdtempSync(path.join(tmpdir(), 'wetread-runs-'));
  const outboxDir = path.join(root, 'outbox');
  mkdirSync(outboxDir);
  const silent = { ...limits, id: SILENT_MODEL, appliesTo: { slices: { min: silentFromSlices, max: 200 } } };
  const shown = others?.(root) ?? [installedCopy(path.join(root, 'model'), limits)];
  const unseen = silentFromSlices === undefined ? [] : [installedCopy(path.join(root, 'silent'), silent)];
  installModels(db, [...shown, ...unseen], clinic.nowMs());
  exposeModels(db, clinic.north.siteId, true, clinic.nowMs());
  for (const { digest } of unseen)
    db.prepare("UPDATE model_exposures SET stage = 'silent' WHERE digest = ?").run(digest);
  const forked = forkRunnerHost(runner);
  let loads = 0;
  const host: RunnerHost = {
    ...forked,
    send(message) {
      if (message.type === 'load') loads += 1;
      forked.send(message);
    },
  };
  const supervisor = superviseRunner(
    host,
    {
      ...{ objectsDir: clinic.objectsDir, objectKeys: [...clinic.keys.export()], outboxDir },
      ...{ providers: ['cpu'], threads: 1 },
    },
    { limits: { firstBackOffMs: 10, longestBackOffMs: 200 } },
  );
  const worker = createRunWorker({
    ...{ db, log, supervisor, outboxDir, objects: archive.objects, clock: archive.clock },
    receipts: { machine: machineFacts(), rawOutputs: KEEP_NUMBERS },
    suspect: () => undefined,
    ended: () => undefined,
  });
  const follow = () => followLedger(db, [inferenceConsumer], { clock: archive.clock, log }).catchUp();
  const forget = onCommit(db, () => worker.notify());
  return {
    clinic,
    kill: () => host.kill(),
    loads: () => loads,
    async sendHead(n, hasBlood = false, priority = 'routine', slices = 10) {
      clinic.pass(1);
      const study = `2.25.7${n}`;
      const records = ballHead({ bleedMm: hasBlood ? 14 : 0, slices, matrix: 32 }).map((slice, index) => ({
        ...sliceRecord({ ...slice, sopUid: `${study}.1.${index}` }),
        ...{ StudyInstanceUID: study, SeriesInstanceUID: `${study}.1`, PatientID: `P${n}`, PatientName: `P^${n}` },
        ...{ BodyPartExamined: 'HEAD', InstanceNumber: index + 1, SpecificCharacterSet: 'ISO_IR 192' },
      }));
      const id = await clinic.send(records);
      setRunPriority(db, id, 'triage', priority, clinic.nowMs());
      follow();
      return id;
    },
    async sendRecords(records) {
      clinic.pass(1);
      const id = await clinic.send(records);
      follow();
      return id;
    },
    start() {
      supervisor.start();
      worker.start();
    },
    pass(ms) {
      clinic.pass(ms);
      clinic.runJobs({ [RETRY_JOB]: endRest, [PROBE_JOB]: probeModel });
    },
    states: () =>
      Object.fromEntries(
        (
          db.prepare('SELECT state, count(*) AS runs FROM runs GROUP BY state').all() as {
            state: string;
            runs: number;
          }[]
        ).map(({ state, runs }) => [state, runs]),
      ),
    async close() {
      forget();
      await worker.stop();
      clinic.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A copy of the shipped package with some of its manifest changed, as it is found when the station starts; one golden case proves it. */
function installedCopy(directory: string, change: Readonly<Record<string, unknown>>): ModelPackage {
  cpSync(SHIPPED, directory, { recursive: true });
  const file = path.join(directory, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Pick<ModelManifest, 'appliesTo' | 'goldenCases'>;
  const appliesTo = { ...manifest.appliesTo, ...(change['appliesTo'] as object | undefined) };
  const goldenCases = manifest.goldenCases.slice(0, 1);
  writeFileSync(file, JSON.stringify({ ...manifest, goldenCases, ...change, appliesTo }));
  const read = readManifest(readFileSync(file));
  if (!read.ok) throw new Error(read.error.code);
  return { ...read.value, directory, signature: { state: 'unsigned' } };
}
