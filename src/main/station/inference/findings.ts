import type { ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { AcrCategory } from '../../../shared/domain/urgency.ts';
import { listSeries } from '../archive/index.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { FindingEvidence } from './finding-evidence.ts';
import { type ExposureStage, ModelIdentity } from './models.ts';
import { IS_SHOWN, IS_VISIBLE } from './shown-runs.ts';

/** A finding with the model that made it. */
export type FindingRecord = {
  readonly findingId: string;
  readonly studyId: string;
  readonly runId: string;
  readonly seriesId: string;
  readonly revision: number;
  readonly state: 'unverified' | 'accepted' | 'modified' | 'rejected' | 'superseded';
  readonly label: { readonly code: string; readonly scheme: string; readonly display: string };
  readonly category: AcrCategory;
  readonly score: number;
  readonly threshold: number;
  readonly uses: readonly ModelUse[];
  readonly measurements: readonly { code: string; display: string; value: number; unit: string }[];
  /** Findings from before frames were told apart have none of their numbers. */
  readonly keyImage:
    | (Omit<NonNullable<FindingEvidence['keyImage']>, 'frameNumber'> & { readonly frameNumber?: number })
    | null;
  readonly mask:
    | (Omit<NonNullable<FindingEvidence['mask']>, 'frameNumbers'> & { readonly frameNumbers?: readonly number[] })
    | null;
  readonly marks: FindingEvidence['marks'];
  readonly heatmap: FindingEvidence['heatmap'];
  readonly stage: ExposureStage;
  readonly model: ModelIdentity;
};

const FINDING_COLUMNS = `
  f.finding_id AS findingId, f.study_id AS studyId, f.run_id AS runId, f.series_id AS seriesId, f.study_revision AS revision, f.state,
  f.label_code AS code, f.label_scheme AS scheme, f.label_display AS display, f.acr_category AS category, f.score, f.threshold, f.uses,
  f.measurements, f.key_image AS keyImage, f.mask, f.marks, f.heatmap, r.stage, m.manifest
`;
const FINDING_SOURCE = 'findings f JOIN runs r ON r.run_id = f.run_id JOIN models m ON m.digest = r.model_digest';
const LIST_FINDINGS = `
  SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE}
   WHERE f.study_id = @studyId AND ${IS_SHOWN} ORDER BY f.acr_category, f.score DESC
`;
const FIND_FINDING = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.finding_id = @findingId AND ${IS_SHOWN}`;
const LIST_OF_RUN = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.run_id = ? AND ${IS_VISIBLE}`;
/**
 * Every finding of a study that a viewer is shown (without one, that everybody is), superseded ones included: both stay on record.
 * What was seen in a series that is hidden now is not.
 */
export function listFindings(db: ReadableDb, studyId: string, viewer: string | null = null): readonly FindingRecord[] {
  const found = prepared<FindingRow>(db, LIST_FINDINGS).all({ studyId, viewer });
  if (found.length === 0) return [];
  const shown = new Set(listSeries(db, studyId).map(({ seriesId }) => seriesId));
  return found.filter(({ seriesId }) => shown.has(seriesId)).map(parseFinding);
}

/** A finding that the viewer is shown, or null. */
export function findFinding(db: ReadableDb, findingId: string, viewer: string | null = null): FindingRecord | null {
  const row = prepared<FindingRow>(db, FIND_FINDING).get({ findingId, viewer });
  const isShown = row !== undefined && listSeries(db, row.studyId).some(({ seriesId }) => seriesId === row.seriesId);
  return isShown ? parseFinding(row) : null;
}

/** What a run says that may raise its study: visible findings of a model permitted to flag. */
export function listFlagsOfRun(
  db: ReadableDb,
  runId: string,
): readonly {
  readonly display: string;
  readonly code: string;
  readonly score: number;
  readonly model: string;
  readonly category: AcrCategory;
  readonly revision: number;
}[] {
  return prepared<FindingRow>(db, LIST_OF_RUN)
    .all(runId)
    .map(parseFinding)
    .filter(({ uses, state }) => uses.includes('flag') && state !== 'superseded')
    .map(({ label, score, model, category, revision }) => ({
      ...label,
      score,
      model: `${model.name} ${model.version}`,
      category,
      revision,
    }));
}

type FindingRow = Pick<
  FindingRecord,
  'findingId' | 'studyId' | 'runId' | 'seriesId' | 'revision' | 'state' | 'category' | 'score' | 'threshold' | 'stage'
> & {
  readonly code: string;
  readonly scheme: string;
  readonly display: string;
  readonly uses: string;
  readonly measurements: string;
  readonly keyImage: string | null;
  readonly mask: string | null;
  readonly marks: string;
  readonly heatmap: string | null;
  readonly manifest: string;
};

function parseFinding({
  code,
  scheme,
  display,
  uses,
  measurements,
  keyImage,
  mask,
  marks,
  heatmap,
  manifest,
  ...row
}: FindingRow): FindingRecord {
  return {
    ...row,
    label: { code, scheme, display },
    uses: JSON.parse(uses) as FindingRecord['uses'],
    measurements: JSON.parse(measurements) as FindingRecord['measurements'],
    keyImage: JSON.parse(keyImage ?? 'null') as FindingRecord['keyImage'],
    mask: JSON.parse(mask ?? 'null') as FindingRecord['mask'],
    marks: JSON.parse(marks) as FindingRecord['marks'],
    heatmap: JSON.parse(heatmap ?? 'null') as FindingRecord['heatmap'],
    model: ModelIdentity.parse(JSON.parse(manifest)),
  };
}
