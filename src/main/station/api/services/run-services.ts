import type { ModelReading, ReplayCard, RunDetail } from '../../../../shared/contract/runs.ts';
import type { RunCard } from '../../../../shared/contract/studies.ts';
import { RunId, StudyId } from '../../../../shared/domain/ids.ts';
import { Receipt } from '../../../../shared/domain/receipt.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf, type Principal } from '../../access/index.ts';
import { findStudyCard, getStudyCard, listSeries } from '../../archive/index.ts';
import {
  askReplay,
  checkReceipt,
  findShownRun,
  hasKeptOutputs,
  listChain,
  listReplays,
  listServersHolding,
  listRuns,
  listTensors,
  mayReport,
  type ReceiptCheck,
  type RunViewer,
  type Replay,
  type RunnerSupervisor,
  type RunWithReceipt,
} from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import type { Readers } from './readers.ts';
import { findStudyFace, nameActor } from './study-face.ts';
import { showRun } from './study-services.ts';

type Refused = Result<never, { readonly code: string }>;

/** Runs, receipts and replays offer the api. A run that may not be shown is as one that is not there. */
export type RunServices = {
  list(principal: Principal, studyId: string): RunCard[] | null;
  models(principal: Principal, studyId: string): Promise<ModelReading[] | null>;
  get(principal: Principal, runId: string): RunDetail | null;
  receipt(
    principal: Principal,
    runId: string,
  ): Refused | Result<{ readonly studyId: string; readonly receipt: Receipt }, { readonly code: string }>;
  check(
    principal: Principal,
    runId: string,
  ): Result<ReceiptCheck & { readonly studyId: string }, { readonly code: string }>;
  replay(principal: Principal, runId: string, provider: string | null): Result<ReplayCard, { readonly code: string }>;
  replays(principal: Principal, runId: string): { readonly studyId: string; readonly replays: ReplayCard[] } | null;
};

type RunTools = {
  readonly db: WritableDb;
  readonly readers: Readers;
  readonly clock: Clock;
  readonly supervisor: Pick<RunnerSupervisor, 'state'>;
};

/** So many differences are shown; all are counted. */
const MOST_SHOWN = 50;

/** Binds runs to the verbs of inference. */
export function runServices({ db, readers, clock, supervisor }: RunTools): RunServices {
  const inScope = (principal: Principal, runId: string): RunWithReceipt | null => {
    const run = findShownRun(db, runId, viewerOf(principal));
    return run !== null && principal.siteIds.some((siteId) => siteId === run.siteId) ? run : null;
  };
  const proven = (modelDigest: string | undefined): string[] | null => {
    const state = supervisor.state();
    if (state.state !== 'ready') return null;
    const here = state.runner.providers.filter((one) => one.proven).map(({ name }) => name);
    return modelDigest === undefined ? here : [...here, ...listServersHolding(db, modelDigest)];
  };
  const mayRead = (principal: Principal, studyId: string) => {
    const study = findStudyCard(db, studyId);
    return study !== null && principal.siteIds.some((siteId) => siteId === study.siteId);
  };
  return {
    list(principal, studyId) {
      if (!mayRead(principal, studyId)) return null;
      const series = listSeries(db, studyId);
      return listRuns(db, studyId, principal.userId).map((run) => showRun(run, series));
    },
    async models(principal, studyId) {
      if (!mayRead(principal, studyId)) return null;
      return readers.run('list-model-readings', { studyId, viewerId: principal.userId });
    },
    get(principal, runId) {
      const run = inScope(principal, runId);
      return run === null ? null : describeRun(db, run, viewerOf(principal), proven(run.modelDigest) ?? []);
    },
    receipt(principal, runId) {
      const run = inScope(principal, runId);
      if (run === null) return err({ code: 'run-not-found' });
      if (run.receipt === null) return err({ code: 'run-receipt-not-found' });
      const receipt = Receipt.safeParse(JSON.parse(run.receipt.text));
      if (!receipt.success) return err({ code: 'receipt-of-older-form' });
      return ok({ studyId: run.studyId, receipt: receipt.data });
    },
    check(principal, runId) {
      const run = inScope(principal, runId);
      const check = run === null ? null : checkReceipt(db, run);
      if (run === null) return err({ code: 'run-not-found' });
      return check === null ? err({ code: 'run-receipt-not-found' }) : ok({ ...check, studyId: run.studyId });
    },
    replay(principal, runId, provider) {
      const who = { siteId: principal.siteId, actor: actorOf(principal), atMs: clock.nowMs() };
      const isProven = proven(findShownRun(db, runId, viewerOf(principal))?.modelDigest);
      const asked = askReplay(db, { ...who, viewer: viewerOf(principal), runId, provider, proven: isProven });
      return asked.ok ? ok(showReplay(db, asked.value)) : asked;
    },
    replays(principal, runId) {
      const run = inScope(principal, runId);
      if (run === null) return null;
      return { studyId: run.studyId, replays: listReplays(db, runId).map((replay) => showReplay(db, replay)) };
    },
  };
}

function viewerOf({ userId, permissions }: Principal): RunViewer {
  return { userId, seesSilent: permissions.includes('models.silent') && !mayReport(permissions) };
}

function describeRun(db: ReadableDb, run: RunWithReceipt, viewer: RunViewer, provenProviders: string[]): RunDetail {
  const { revision, model, stage, state, reason, provider, queuedAtMs, startedAtMs, finishedAtMs } = run;
  return {
    ...{ revision, state, reason, provider, queuedAtMs, startedAtMs, finishedAtMs, provenProviders },
    runId: RunId.parse(run.runId),
    studyId: StudyId.parse(run.studyId),
    study: findStudyFace(db, run.studyId),
    studyRevision: getStudyCard(db, run.studyId).revision,
    model: { ...model, digest: run.modelDigest, stage },
    attempts: [...run.attempts],
    receipt: run.receipt?.text ?? null,
    check: checkReceipt(db, run),
    kept: { numbers: hasKeptOutputs(db, run.runId), tensors: listTensors(db, run.runId) },
    chain: listChain(db, run, viewer).map((one) => ({ ...one, runId: RunId.parse(one.runId) })),
    replays: listReplays(db, run.runId).map((replay) => showReplay(db, replay)),
  };
}

function showReplay(db: ReadableDb, { siteId: _siteId, attempts: _attempts, ...replay }: Replay): ReplayCard {
  return {
    ...replay,
    runId: RunId.parse(replay.runId),
    askedBy: nameActor(db, replay.askedBy.id),
    differences: replay.differences.slice(0, MOST_SHOWN).map((one) => ({ ...one })),
    differenceCount: replay.differences.length,
    versions: [...replay.versions],
    timings: { ...replay.timings },
  };
}
