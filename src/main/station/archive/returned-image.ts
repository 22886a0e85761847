import { isDeepStrictEqual } from 'node:util';
import { findSound } from '../platform/objects/records.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { arrivingIntent } from './arriving-intent.ts';
import type { CurrentVersion, Filing } from './filing.ts';
import type { ImageAttributes } from './file-version.ts';

/** Walks one_current_version. */
const FIND_ATTRIBUTES = 'SELECT attributes FROM instance_versions WHERE instance_id = ? AND is_current = 1';

/**
 * Whether an object is the image that is known here, back from where it was kept: fetched by us, or in the place of one that was
 * let go or damaged, with the same pixels at the same place and in the same series, whatever else its header says now. Asked
 * before it becomes the current version. A study that was complete with it still is, and no model has anything new to see.
 */
export function isReturnedImage(
  db: ReadableDb,
  filing: Filing,
  known: CurrentVersion,
  { seriesId, attributes }: { readonly seriesId: string; readonly attributes: ImageAttributes },
): boolean {
  if (filing.release !== undefined || filing.comparison?.isSame !== true || known.seriesId !== seriesId) return false;
  const isBack = findSound(db, known.digest) === null || arrivingIntent(db, filing).because === 'fetched';
  if (!isBack) return false;
  const {
    missing: _missing,
    marks: _marks,
    ...before
  } = JSON.parse(
    prepared<{ attributes: string }>(db, FIND_ATTRIBUTES).get(known.instanceId)?.attributes ?? '{}',
  ) as Partial<ImageAttributes>;
  // As kept by an earlier program there may be fewer.
  return Object.entries(before).every(([key, value]) =>
    isDeepStrictEqual(value, JSON.parse(JSON.stringify(attributes[key as keyof ImageAttributes] ?? null))),
  );
}
