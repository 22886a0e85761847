import { useRef } from 'react';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';

/** The selected study's row as it was here last: it stays in the preview while its row is too far off to be asked for. */
export function usePreviewed(selected: StudyId | null, rows: readonly WorklistRow[]): WorklistRow | null {
  const last = useRef<WorklistRow | null>(null);
  last.current = rows.find((row) => row.studyId === selected) ?? last.current;
  return last.current?.studyId === selected ? last.current : null;
}
