import type {
  CoverageLimits,
  ModelDrift,
  ModelFigures,
  ModelOverview,
  ModelRunWindow,
  Verification,
} from '../../../../shared/contract/model-figures.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import type { Principal } from '../../access/index.ts';
import { listAlarms, listKnownDigests, listVerifications, mayReport, readModelCard } from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { WritableDb } from '../../platform/store/database.ts';
import type { Readers } from './readers.ts';

/** What models came to; null is a model that the caller may not be told of, or that there is none. */
export type ModelFigureServices = {
  overview(principal: Principal): Promise<{ models: ModelOverview[]; limits: CoverageLimits }>;
  figures(principal: Principal, input: { digest: string; days: number }): Promise<ModelFigures | null>;
  drift(principal: Principal, digest: string): Promise<ModelDrift | null>;
  golden(principal: Principal, digest: string): Verification[] | null;
  card(principal: Principal, digest: string): Promise<{ text: string | null } | null>;
  runs(
    principal: Principal,
    input: {
      digest: string;
      only?: 'not-run' | undefined;
      because?: string | undefined;
      after?: string | undefined;
      limit: number;
    },
  ): Promise<ModelRunWindow | null>;
};

type Tools = {
  readonly db: WritableDb;
  readonly readers: Readers;
  readonly clock: Clock;
  readonly limits: CoverageLimits;
  /** The site's policy suspends what moved far. */
  readonly driftSuspends: boolean;
};

/** Always of the caller's own site, counted on the reader threads. */
export function modelFigureServices({ db, readers, clock, limits, driftSuspends }: Tools): ModelFigureServices {
  const hidesSilentModels = ({ permissions }: Principal) => !permissions.includes('models.silent');
  const mayKnow = (principal: Principal, digest: string) =>
    listKnownDigests(db, { siteId: principal.siteId, hidesSilent: hidesSilentModels(principal) }).includes(digest);
  return {
    async overview(principal) {
      const { siteId } = principal;
      const question = { siteId, hidesSilent: hidesSilentModels(principal), days: limits.days, nowMs: clock.nowMs() };
      return { models: await readers.run('overview-models', question), limits };
    },
    async figures(principal, { digest, days }) {
      if (!mayKnow(principal, digest)) return null;
      const { siteId } = principal;
      const figures = await readers.run('measure-model', { siteId, digest, days, nowMs: clock.nowMs() });
      return { ...figures, alarms: listAlarms(db, siteId, digest), limits };
    },
    async drift(principal, digest) {
      if (!mayKnow(principal, digest)) return null;
      const where = { siteId: principal.siteId, digest };
      const features = await readers.run('describe-drift', { where, nowMs: clock.nowMs() });
      return { features, suspends: driftSuspends };
    },
    golden(principal, digest) {
      return mayKnow(principal, digest) ? listVerifications(db, digest) : null;
    },
    async card(principal, digest) {
      return mayKnow(principal, digest) ? { text: await readModelCard(db, digest) } : null;
    },
    async runs(principal, { digest, only, because, after, limit }) {
      if (!mayKnow(principal, digest)) return null;
      // Whoever may report a study is not told of its silent runs, whatever else they may see.
      const hidesSilent = hidesSilentModels(principal) || mayReport(principal.permissions);
      const { runs, next } = await readers.run('list-model-runs', {
        ...{ siteId: principal.siteId, digest, only: only ?? null, because: because ?? null },
        ...{ hidesSilent, viewerId: principal.userId, after: after ?? null, limit },
      });
      return { runs: runs.map((run) => ({ ...run, studyId: StudyId.parse(run.studyId) })), next };
    },
  };
}
