import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { ImageAttributes } from './file-version.ts';

/** What made an image and how: of a series, or of a study's first image. Empty where the object does not say. */
export type ImageSource = {
  readonly manufacturer: string;
  readonly scanner: string;
  readonly protocol: string;
  readonly kernel: string;
  readonly pixelSpacingMm: number | null;
  readonly sliceThicknessMm: number | null;
};

const COLUMNS = `
  SELECT v.attributes, s.description FROM instances i JOIN series s ON s.series_id = i.series_id
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
`;
/** Walks instances_by_series. */
export const FIND_IN_SERIES = `${COLUMNS} WHERE i.series_id = ? LIMIT 1`;
/** Walks instances_by_study. */
export const FIND_IN_STUDY = `${COLUMNS} WHERE i.study_id = ? LIMIT 1`;

/** What made the images of a series, or where none is named, those of the study; the protocol is the series' description where none is named. */
export function findImageSource(db: ReadableDb, studyId: string, seriesId: string | null): ImageSource {
  type Row = { readonly attributes: string; readonly description: string | null };
  const row =
    seriesId === null ? prepared<Row>(db, FIND_IN_STUDY).get(studyId) : prepared<Row>(db, FIND_IN_SERIES).get(seriesId);
  // What was filed before the maker was kept does not say it.
  const image = JSON.parse(row?.attributes ?? '{}') as Partial<ImageAttributes>;
  return {
    manufacturer: said(image.manufacturer),
    scanner: said(image.modelName),
    protocol: said(image.protocolName) || said(row?.description),
    kernel: said(image.kernel?.join(' ')),
    pixelSpacingMm: image.pixelSpacing?.[0] ?? null,
    sliceThicknessMm: image.sliceThicknessMm ?? null,
  };
}

function said(text: string | null | undefined): string {
  return (text ?? '').trim().slice(0, 64);
}
