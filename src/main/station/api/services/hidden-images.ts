import type { SeriesCard, StudyDetail } from '../../../../shared/contract/studies.ts';
import { SeriesId } from '../../../../shared/domain/ids.ts';
import { type HiddenInstance, listHidden, listHiddenSeries } from '../../archive/index.ts';
import { findStorageClass } from '../../dicom/storage-classes.ts';
import type { ReadableDb } from '../../platform/store/database.ts';

/** What is not shown of a study, counted by the first reason of each image, and which of it a reader may look at all the same. */
export function describeHidden(db: ReadableDb, studyId: string): StudyDetail['hidden'] {
  const hidden = listHidden(db, studyId);
  if (hidden.length === 0) return { counts: [], rejected: [], rejectedSeries: [] };
  const byInstance = [...Map.groupBy(hidden, ({ instanceId }) => instanceId).values()];
  const rejected = byInstance.filter((marks) => marks.every(({ reason }) => reason === 'rejected-for-quality'));
  const reasons = Map.groupBy(byInstance, ([first, ...others]) => graveReason([first, ...others]));
  const bySeries = Map.groupBy(rejected, ([first]) => first?.seriesId);
  return {
    counts: [...reasons].flatMap(([reason, images]) => (reason === null ? [] : [{ reason, images: images.length }])),
    rejected: rejected.flatMap(([first]) => (first === undefined ? [] : [first.sopUid])),
    rejectedSeries: listHiddenSeries(db, studyId).flatMap((series) => {
      const images = bySeries.get(series.seriesId);
      return images === undefined ? [] : [cardOf(series, images)];
    }),
  };
}

/** Why an image is hidden that several marks hide: what forbids looking at it comes before its quality. */
function graveReason(marks: readonly (HiddenInstance | undefined)[]): HiddenInstance['reason'] | null {
  const reasons = marks.flatMap((mark) => mark?.reason ?? []);
  return reasons.find((reason) => reason !== 'rejected-for-quality') ?? reasons[0] ?? null;
}

function cardOf(
  series: ReturnType<typeof listHiddenSeries>[number],
  images: readonly (readonly HiddenInstance[])[],
): SeriesCard {
  const { seriesUid, number, description, modality } = series;
  return {
    ...{ seriesUid, number, description, modality, instances: images.length },
    seriesId: SeriesId.parse(series.seriesId),
    displayable: images.some(([first]) => first !== undefined && findStorageClass(first.sopClassUid)?.kind === 'image'),
  };
}
