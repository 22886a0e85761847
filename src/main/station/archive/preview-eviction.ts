import type { EvictionVerdict, EvictionWindow } from '../../../shared/contract/keeping.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import type { Completeness, Intent } from '../../../shared/domain/study.ts';
import { sumSizes } from '../platform/objects/records.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { type EvictionPlace, findObstacle, listKeptByAge } from './eviction.ts';

/** Which studies of a site are judged: those kept since before a moment, from a place on. */
export type EvictionQuestion = {
  readonly siteId: string;
  readonly beforeMs: number;
  readonly after?: string | undefined;
  readonly limit: number;
};

const FIND_STUDY = 'SELECT intent, modality, completeness FROM studies WHERE study_id = ?';
/** Walks instances_by_study. */
const LIST_DIGESTS = `
  SELECT v.digest FROM instances i JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1 WHERE i.study_id = ?
`;

/** What the cache would let go of at its next look if all that may leave had to, oldest first; on a reader thread. */
export function previewEviction(db: ReadableDb, { siteId, beforeMs, after, limit }: EvictionQuestion): EvictionWindow {
  const studies: EvictionWindow['studies'] = [];
  let place = parsePlace(after);
  for (;;) {
    const candidates = listKeptByAge(db, siteId, beforeMs, place);
    for (const { studyId, lastReceivedAtMs, keptSinceMs } of candidates) {
      if (studies.length === limit && place !== undefined) return { studies, next: writePlace(place) };
      place = { lastReceivedAtMs, studyId };
      // What came back is kept anew from then.
      if (keptSinceMs >= beforeMs) continue;
      studies.push({ ...describe(db, studyId), keptSinceMs });
    }
    if (candidates.length === 0) return { studies, next: null };
  }
}

function describe(db: ReadableDb, studyId: string) {
  type Row = { readonly intent: Intent; readonly modality: string; readonly completeness: Completeness };
  const study = prepared<Row>(db, FIND_STUDY).get(studyId);
  if (study === undefined) throw new Error('a listed study is not there');
  const digests = prepared<{ digest: string }>(db, LIST_DIGESTS)
    .all(studyId)
    .map(({ digest }) => digest);
  return {
    studyId: StudyId.parse(studyId),
    ...{ intent: study.intent, modality: study.modality, images: digests.length, bytes: sumSizes(db, digests) },
    verdict: judge(db, studyId, study.completeness),
  };
}

/** In the order in which letting go asks. */
function judge(db: ReadableDb, studyId: string, completeness: Completeness): EvictionVerdict {
  return findObstacle(db, studyId) ?? (completeness === 'receiving' ? 'receiving' : 'goes');
}

function writePlace({ lastReceivedAtMs, studyId }: EvictionPlace): string {
  return `${lastReceivedAtMs}/${studyId}`;
}

/** From the beginning where the place is none. */
function parsePlace(text = ''): EvictionPlace | undefined {
  const [at = '', studyId = ''] = text.split('/');
  return /^-?\d{1,15}$/.test(at) ? { lastReceivedAtMs: Number(at), studyId } : undefined;
}
