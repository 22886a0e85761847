import { useEffect } from 'react';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';
import { prepareStudy } from '../../viewport/prepared-study.ts';
import { hangingOrder } from './panes.ts';

/** After this long with images on the screen the study under the eye has what it needs. */
const SETTLED_MS = 4000;

/** While a study is read, makes ready the one that is next on the list; nothing of it is shown, and signing out lets it go. */
export function useNextStudy(studyId: StudyId, isDisplayed: boolean): void {
  useEffect(() => {
    if (!isDisplayed) return;
    const timer = setTimeout(() => void prepareNext(studyId), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [studyId, isDisplayed]);
}

async function prepareNext(current: StudyId): Promise<void> {
  // Nothing waits for this: without an answer the next study loads when it is opened.
  const next = await client.worklist
    .list({ filter: 'unread', limit: 2 })
    .then(({ rows }) => rows.find((row) => row.studyId !== current) ?? null)
    .catch(() => null);
  if (next === null) return;
  const study = await client.studies.get({ studyId: next.studyId }).catch(() => null);
  const [series] = study === null ? [] : hangingOrder(study);
  if (study !== null && series !== undefined) {
    const { studyUid, revision } = study.row;
    const asOf = { dicomwebPath: study.dicomwebPath, studyUid, revision };
    await prepareStudy(asOf, 'next', { series: [series], images: Infinity });
  }
}
