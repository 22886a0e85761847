import type { ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { AcrCategory } from '../../../shared/domain/urgency.ts';
import { listSeries } from '../archive/index.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { EvidenceKey, EvidenceMask, FindingEvidence, FindingPart } from './finding-evidence.ts';
import type { ScoreBasis } from './judge-labels.ts';
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
  /** `uncertain` moves no row, order or count; a `remark` is of the images and never a finding. */
  readonly standing: 'flagged' | 'uncertain' | 'remark';
  readonly score: number;
  /** What the score reached. */
  readonly threshold: number;
  /** Null of findings from before it was kept. */
  readonly judgedBy: (ScoreBasis & { readonly flagFrom: number | null }) | null;
  readonly uses: readonly ModelUse[];
  readonly measurements: readonly {
    readonly code: string;
    readonly display: string;
    readonly value: number;
    readonly unit: string;
    readonly part: number | null;
  }[];
  readonly keyImage: EvidenceKey | null;
  /** Of findings from before frames were told apart only those whose images are objects of their own have frame numbers. */
  readonly parts: readonly FindingPart[];
  readonly marks: FindingEvidence['marks'];
  readonly heatmaps: FindingEvidence['heatmaps'];
  readonly stage: ExposureStage;
  /** What became of its model at the site since, where that shows nothing any more; what it showed stands. */
  readonly withdrawn: 'suspended' | 'retired' | null;
  readonly model: ModelIdentity;
  /** What the model is known by. */
  readonly packageDigest: string;
};

const FINDING_COLUMNS = `
  f.finding_id AS findingId, f.study_id AS studyId, f.run_id AS runId, f.series_id AS seriesId, f.study_revision AS revision, f.state,
  f.label_code AS code, f.label_scheme AS scheme, f.label_display AS display, f.acr_category AS category, f.standing, f.score, f.threshold,
  f.judged_by AS judgedBy, f.uses, f.measurements, f.key_image AS keyImage, f.parts, f.marks, f.heatmaps, r.stage, m.manifest, m.digest AS packageDigest,
  (SELECT x.stage FROM model_exposures x
    WHERE x.site_id = r.site_id AND x.digest = r.model_digest AND x.stage IN ('suspended', 'retired')) AS withdrawn
`;
const FINDING_SOURCE = 'findings f JOIN runs r ON r.run_id = f.run_id JOIN models m ON m.digest = r.model_digest';
/** Walks findings_by_study. What is flagged comes first, then what is uncertain. */
export const LIST_FINDINGS = `
  SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE}
   WHERE f.study_id = @studyId AND ${IS_SHOWN} ORDER BY f.standing = 'uncertain', f.acr_category, f.score DESC
`;
const FIND_FINDING = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.finding_id = @findingId AND ${IS_SHOWN}`;
const LIST_OF_RUN = `SELECT ${FINDING_COLUMNS} FROM ${FINDING_SOURCE} WHERE f.run_id = ? AND ${IS_VISIBLE}`;

/**
 * Every finding of a study that a viewer is shown (without one, that everybody is), superseded ones included: both stay on record.
 * What was seen in a series that is hidden now is not.
 */
export function listFindings(db: ReadableDb, studyId: string, viewer: string | null = null): readonly FindingRecord[] {
  return listSaid(db, studyId, viewer).filter(({ standing }) => standing !== 'remark');
}

/** Every remark on the quality of a study's images that a viewer is shown, superseded ones included. */
export function listQualityRemarks(db: ReadableDb, studyId: string, viewer: string | null): readonly FindingRecord[] {
  return listSaid(db, studyId, viewer).filter(({ standing }) => standing === 'remark');
}

function listSaid(db: ReadableDb, studyId: string, viewer: string | null): readonly FindingRecord[] {
  return inOwnImages(db, studyId, prepared<FindingRow>(db, LIST_FINDINGS).all({ studyId, viewer })).map(parseFinding);
}

/** Without what was seen in a series that is hidden now, or another study's. */
function inOwnImages(db: ReadableDb, studyId: string, found: readonly FindingRow[]): readonly FindingRow[] {
  if (found.length === 0) return [];
  const shown = new Set(listSeries(db, studyId).map(({ seriesId }) => seriesId));
  return found.filter(({ seriesId }) => shown.has(seriesId));
}

/** Whether a finding is a flag that stands: of a model that may flag, not taken back and not only uncertain. */
export function isStandingFlag({ uses, state, standing }: Pick<FindingRecord, 'uses' | 'state' | 'standing'>): boolean {
  return standing === 'flagged' && uses.includes('flag') && state !== 'superseded' && state !== 'rejected';
}

/** A finding that the viewer is shown, or null. */
export function findFinding(db: ReadableDb, findingId: string, viewer: string | null = null): FindingRecord | null {
  const row = prepared<FindingRow>(db, FIND_FINDING).get({ findingId, viewer });
  const isShown = row !== undefined && listSeries(db, row.studyId).some(({ seriesId }) => seriesId === row.seriesId);
  return isShown ? parseFinding(row) : null;
}

/** What a run says that may raise its study: flags that stand and that everybody is shown, in images that are still its own. */
export function listFlagsOfRun(
  db: ReadableDb,
  runId: string,
): readonly {
  readonly display: string;
  readonly code: string;
  readonly scheme: string;
  readonly score: number;
  readonly model: string;
  /** What the model is known by. */
  readonly packageDigest: string;
  readonly category: AcrCategory;
  readonly revision: number;
}[] {
  const found = prepared<FindingRow>(db, LIST_OF_RUN).all(runId);
  return inOwnImages(db, found[0]?.studyId ?? '', found)
    .map(parseFinding)
    .filter(isStandingFlag)
    .map(({ label, score, model, packageDigest, category, revision }) => ({
      ...label,
      score,
      model: `${model.name} ${model.version}`,
      packageDigest,
      category,
      revision,
    }));
}

type FindingRow = Pick<
  FindingRecord,
  | 'findingId'
  | 'studyId'
  | 'runId'
  | 'seriesId'
  | 'revision'
  | 'state'
  | 'category'
  | 'standing'
  | 'score'
  | 'threshold'
  | 'stage'
  | 'withdrawn'
  | 'packageDigest'
> & {
  readonly judgedBy: string | null;
  readonly code: string;
  readonly scheme: string;
  readonly display: string;
  readonly uses: string;
  readonly measurements: string;
  readonly keyImage: string | null;
  readonly parts: string;
  readonly marks: string;
  readonly heatmaps: string;
  readonly manifest: string;
};

function parseFinding({
  code,
  scheme,
  display,
  uses,
  judgedBy,
  measurements,
  keyImage,
  parts,
  marks,
  heatmaps,
  manifest,
  ...row
}: FindingRow): FindingRecord {
  return {
    ...row,
    label: { code, scheme, display },
    uses: JSON.parse(uses) as FindingRecord['uses'],
    judgedBy: JSON.parse(judgedBy ?? 'null') as FindingRecord['judgedBy'],
    measurements: (JSON.parse(measurements) as FindingRecord['measurements']).map((one) => ({
      ...one,
      part: one.part ?? null,
    })),
    keyImage: placed(JSON.parse(keyImage ?? 'null') as EarlierKey | null),
    parts: (JSON.parse(parts) as EarlierPart[]).flatMap(({ mask, key }) => {
      const numbered = withFrameNumbers(mask);
      return numbered === null ? [] : [{ mask: numbered, key: placed(key) }];
    }),
    marks: (JSON.parse(marks) as (Omit<FindingEvidence['marks'][number], 'key'> & { readonly key: EarlierKey })[]).map(
      ({ key, ...mark }) => ({ ...mark, key: placed(key) }),
    ),
    heatmaps: JSON.parse(heatmaps) as FindingRecord['heatmaps'],
    model: ModelIdentity.parse(JSON.parse(manifest)),
  };
}

/** Evidence as findings of earlier versions keep it: without frame numbers, or without frames of reference. */
type EarlierKey = Omit<EvidenceKey, 'frameNumber' | 'frameOfReferenceUid'> & Partial<EvidenceKey>;
type EarlierPart = {
  readonly mask: Omit<EvidenceMask, 'frameNumbers'> & Partial<EvidenceMask>;
  readonly key: EarlierKey | null;
};

function placed(key: EarlierKey): EvidenceKey;
function placed(key: EarlierKey | null): EvidenceKey | null;
function placed(key: EarlierKey | null): EvidenceKey | null {
  return key === null ? null : { frameNumber: 1, frameOfReferenceUid: null, ...key };
}

/** Null where it cannot be told which frame of an object each picture is of. */
function withFrameNumbers(mask: EarlierPart['mask']): EvidenceMask | null {
  if (mask.frameNumbers !== undefined) return { ...mask, frameNumbers: mask.frameNumbers };
  const isOneEach = new Set(mask.sopUids).size === mask.sopUids.length;
  return isOneEach ? { ...mask, frameNumbers: mask.sopUids.map(() => 1) } : null;
}
