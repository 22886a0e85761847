import { FindingId } from '../../../shared/domain/ids.ts';
import type { ModelManifest, ModelUse } from '../../../shared/domain/model-manifest.ts';
import { freshId } from '../platform/ids.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { usesFor } from './exposure-rows.ts';
import { gatherEvidence } from './finding-evidence.ts';
import type { FindingRecord } from './findings.ts';
import { basisOf, type LabelVerdict } from './judge-labels.ts';
import type { Run } from './run-rows.ts';
import type { RunFinished } from './runner-protocol.ts';

const INSERT_FINDING = `
  INSERT INTO findings (finding_id, site_id, study_id, study_revision, run_id, series_id, state, label_code, label_scheme, label_display,
                        acr_category, standing, score, threshold, judged_by, uses, measurements, key_image, parts, marks, heatmaps)
  VALUES (@findingId, @siteId, @studyId, @revision, @runId, @seriesId, 'unverified', @code, @scheme, @display,
          @category, @standing, @score, @threshold, @judgedBy, @uses, @measurements, @keyImage, @parts, @marks, @heatmaps)
`;

/**
 * One finding for every label that is flagged, and for every uncertain one that may be marked; a flag of a model that may only
 * judge quality is a remark on the images. What else is uncertain stays in the receipt.
 */
export function insertFindings(
  db: WritableDb,
  run: Run,
  model: ModelManifest,
  result: RunFinished,
  verdicts: readonly LabelVerdict[],
): { findingId: string; code: string; label: string; score: number; threshold: number }[] {
  const uses = usesFor(db, run.siteId, { digest: run.modelDigest, manifest: model });
  const { geometry } = result;
  const apart = new Map(geometry.apart?.map(({ sopUid, frameOfReferenceUid }) => [sopUid, frameOfReferenceUid]));
  const frameOfReferenceOf = (sopUid: string) => {
    const own = apart.get(sopUid);
    return own === undefined ? geometry.frameOfReferenceUid : own;
  };
  const rules = { outputs: model.outputs, uses, frameOfReferenceOf };
  return model.labels.flatMap((label) => {
    const verdict = verdicts.find((one) => one.label === label.id);
    if (verdict === undefined || verdict.state === 'not-flagged') return [];
    const standing = standingOf(verdict.state, uses);
    if (standing === null) return [];
    const { score } = verdict;
    const threshold = verdict.state === 'flagged' ? verdict.threshold : verdict.uncertainFrom;
    const { measurements, keyImage, parts, marks, heatmaps } = gatherEvidence(rules, label.id, result);
    const judgedBy = { ...basisOf(label, model.outputs, result), flagFrom: verdict.threshold };
    const findingId = freshId(FindingId);
    prepared(db, INSERT_FINDING).run({
      ...{
        findingId,
        siteId: run.siteId,
        studyId: run.studyId,
        revision: run.revision,
        runId: run.runId,
        seriesId: run.seriesId,
      },
      ...{ code: label.concept.value, scheme: label.concept.scheme, display: label.name },
      ...{ category: label.acrCategory, standing, score, threshold, uses: JSON.stringify(uses) },
      judgedBy: JSON.stringify(judgedBy),
      measurements: JSON.stringify(measurements),
      keyImage: keyImage === null ? null : JSON.stringify(keyImage),
      parts: JSON.stringify(parts),
      marks: JSON.stringify(marks),
      heatmaps: JSON.stringify(heatmaps),
    });
    // The receipt's findings are what was flagged: an uncertain one stands there as a verdict.
    return standing === 'flagged' ? [{ findingId, code: label.concept.value, label: label.id, score, threshold }] : [];
  });
}

/** As what a verdict is put on record beside the receipt, by what the model may be used for; null for not at all. */
function standingOf(state: 'flagged' | 'uncertain', uses: readonly ModelUse[]): FindingRecord['standing'] | null {
  const isOfImages = uses.includes('quality') && !uses.includes('flag');
  if (state === 'flagged') return isOfImages ? 'remark' : 'flagged';
  return uses.includes('mark') && !isOfImages ? 'uncertain' : null;
}
