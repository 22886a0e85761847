import type { StudyDetail } from '../../../../shared/contract/studies.ts';

type Prior = StudyDetail['priors'][number];

/** The prior to hang beside a study: of the same modality, the same part of the body where its description says so, the latest; null without any. */
export function bestPrior({ priors, row }: Pick<StudyDetail, 'priors' | 'row'>): Prior | null {
  const words = wordsOf(row.exam.description);
  const likeness = (one: Prior) => wordsOf(one.description).filter((word) => words.includes(word)).length;
  const same = priors.filter((one) => one.modality === row.exam.modality && isEarlier(one.dateRaw, row.exam.dateRaw));
  return (
    same.toSorted(
      (a, b) => Number(likeness(b) > 0) - Number(likeness(a) > 0) || (b.dateRaw ?? '').localeCompare(a.dateRaw ?? ''),
    )[0] ?? null
  );
}

/** Dates as DICOM writes them sort as text; one that is not known may be earlier. */
function isEarlier(dateRaw: string | null, than: string | null): boolean {
  return dateRaw === null || than === null || dateRaw <= than;
}

function wordsOf(description: string | null): readonly string[] {
  return (description ?? '')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length > 2);
}
