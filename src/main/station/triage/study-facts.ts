import { listSeries, type StudyCard } from '../archive/index.ts';
import { aiStatus, type FindingRecord } from '../inference/index.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { findFindingsOf } from './flags-of-study.ts';
import { knownSince } from './known-since.ts';
import { boundedText, type RuleFacts } from './rule-language.ts';
import type { TriagePolicy } from './triage-policy.ts';

/** What rules may ask of a study as it stands (RULE_VARIABLES); nothing of models that are silent, or shown to some readers only. */
export function factsOf(db: ReadableDb, policy: Pick<TriagePolicy, 'reading'>, study: StudyCard): RuleFacts {
  const { studyId, patient } = study;
  const ai = aiStatus(db, studyId);
  const ageYears = ageAt(patient.birthDateRaw, study.dateRaw);
  // Many findings are of one code, and each question goes through the patient's earlier studies.
  const known = new Map<string, boolean>();
  const isKnown = (label: FindingRecord['label']) => {
    const key = `${label.scheme} ${label.code}`;
    const said = known.get(key) ?? knownSince(db, policy, studyId, label) !== null;
    known.set(key, said);
    return said;
  };
  return {
    study: {
      ...{
        modality: study.modality,
        description: boundedText(study.description),
        bodyPart: boundedText(study.bodyPart),
      },
      ...{ laterality: boundedText(study.laterality), isComplete: study.completeness !== 'receiving' },
      ...{ images: BigInt(study.images), series: BigInt(listSeries(db, studyId).length), priors: BigInt(study.priors) },
    },
    patient: { sex: patient.sex ?? '', ...(ageYears !== null && { ageYears: BigInt(ageYears) }) },
    // Orders are not received yet: decision 7.
    order: { isMatched: false },
    ai: { state: ai.state, reason: ai.state === 'not-run' ? ai.reason : '' },
    findings: findFindingsOf(db, studyId)
      .filter(({ state }) => state !== 'rejected')
      .map(({ label, category, score, model, measurements }) => ({
        ...{ code: label.code, name: label.display, category: BigInt(category), score, model: model.name },
        isKnown: isKnown(label),
        measurements: Object.fromEntries(measurements.map(({ code, value }) => [code, value])),
      })),
  };
}

/** Whole years from one DICOM date (DA) to another; null where one of them is none. */
export function ageAt(birthDateRaw: string | null, dateRaw: string | null): number | null {
  const [born, at] = [birthDateRaw, dateRaw].map((raw) => (/^\d{8}$/.test(raw ?? '') ? Number(raw) : null));
  if (born === null || born === undefined || at === null || at === undefined || at < born) return null;
  return Math.floor((at - born) / 10_000);
}
