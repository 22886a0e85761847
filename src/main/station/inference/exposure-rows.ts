import { z } from 'zod';
import { type ExposureCause, type ExposureStage, PilotScope } from '../../../shared/domain/exposure.ts';
import { ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { StudyCard } from '../archive/index.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type InstalledModel, IS_UNFIT } from './models.ts';
import { pilotAudience } from './pilot.ts';

/** How far a version reaches at a site, since when and by whom; `uses` null: all that the manifest permits. */
export type Exposure = {
  readonly stage: ExposureStage;
  readonly exposedBy: string | null;
  readonly sinceMs: number | null;
  readonly pilot: PilotScope | null;
  readonly uses: readonly ModelUse[] | null;
};

/** One step on record. */
export type ExposureStepRow = {
  readonly stepId: string;
  readonly digest: string;
  readonly from: ExposureStage;
  readonly to: ExposureStage;
  readonly cause: ExposureCause;
  readonly reason: string | null;
  readonly pilot: PilotScope | null;
  readonly uses: readonly ModelUse[];
  readonly operatingPoint: number;
  readonly acceptanceId: string | null;
  readonly actor: Actor;
  readonly atMs: number;
};

const NOT_EXPOSED: Exposure = { stage: 'off', exposedBy: null, sinceMs: null, pilot: null, uses: null };

const FIND_EXPOSURE = `
  SELECT stage, exposed_by AS exposedBy, exposed_at_ms AS sinceMs, pilot, uses FROM model_exposures WHERE site_id = ? AND digest = ?
`;
/** Walks exposure_steps_by_model. */
export const LIST_STEPS = `
  SELECT step_id AS stepId, digest, from_stage AS [from], to_stage AS [to], cause, reason, pilot, uses, operating_point AS operatingPoint,
         acceptance_id AS acceptanceId, actor_kind AS actorKind, actor_id AS actorId, at_ms AS atMs
    FROM exposure_steps WHERE site_id = ? AND digest = ? ORDER BY at_ms DESC, step_id DESC
`;
const IS_FIT = `SELECT 1 FROM models m WHERE m.digest = ? AND NOT ${IS_UNFIT}`;

/** How far a version reaches at a site; one that nobody ever took a step for is off. */
export function findExposure(db: ReadableDb, siteId: string, digest: string): Exposure {
  type Row = Omit<Exposure, 'pilot' | 'uses'> & { readonly pilot: string | null; readonly uses: string | null };
  const row = prepared<Row>(db, FIND_EXPOSURE).get(siteId, digest);
  if (row === undefined) return NOT_EXPOSED;
  return { ...row, pilot: parsePilot(row.pilot), uses: row.uses === null ? null : parseUses(row.uses) };
}

/** Whether clinical use is allowed at all: by the manifest, or because the data directory is a demo. */
export function isFit(db: ReadableDb, digest: string): boolean {
  return prepared(db, IS_FIT).get(digest) !== undefined;
}

/** The uses that findings of a version are made for at a site: what the manifest permits, narrowed by the site. */
export function usesFor(
  db: ReadableDb,
  siteId: string,
  { digest, manifest }: Pick<InstalledModel, 'digest' | 'manifest'>,
): readonly ModelUse[] {
  const { uses } = findExposure(db, siteId, digest);
  return uses === null ? manifest.permittedUses : manifest.permittedUses.filter((use) => uses.includes(use));
}

/** As what a study's run of a version counts, and to whom it shows: outside a pilot's scope it is silent. */
export function shownAs(
  db: ReadableDb,
  stage: ExposureStage,
  { digest, manifest }: Pick<InstalledModel, 'digest' | 'manifest'>,
  study: StudyCard,
): { readonly stage: ExposureStage; readonly audience: readonly string[] | null } {
  if (stage !== 'pilot') return { stage, audience: null };
  const { pilot } = findExposure(db, study.siteId, digest);
  const shown = pilot === null ? { shows: false as const } : pilotAudience(pilot, manifest.id, study);
  return shown.shows ? { stage, audience: shown.userIds } : { stage: 'silent', audience: null };
}

/** The steps of a version at a site, newest first. */
export function listSteps(db: ReadableDb, siteId: string, digest: string): readonly ExposureStepRow[] {
  type Row = Omit<ExposureStepRow, 'pilot' | 'uses' | 'actor'> & {
    readonly pilot: string | null;
    readonly uses: string;
    readonly actorKind: Actor['kind'];
    readonly actorId: string;
  };
  return prepared<Row>(db, LIST_STEPS)
    .all(siteId, digest)
    .map(({ actorKind, actorId, pilot, uses, ...step }) => ({
      ...step,
      pilot: parsePilot(pilot),
      uses: parseUses(uses),
      actor: { kind: actorKind, id: actorId },
    }));
}

const Uses = z.array(ModelUse);
const parseUses = (text: string): readonly ModelUse[] => Uses.parse(JSON.parse(text));
const parsePilot = (text: string | null): PilotScope | null =>
  text === null ? null : PilotScope.parse(JSON.parse(text));
