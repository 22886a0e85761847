import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { station } from '../../bridge/queries.ts';

/**
 * The selected study's row: the list's, or, while that is too far off to be asked for or has left the list, as the station tells it
 * of the study; until that is here, as it was in the list last.
 */
export function usePreviewed(selected: StudyId | null, rows: readonly WorklistRow[]): WorklistRow | null {
  const last = useRef<WorklistRow | null>(null);
  const listed = rows.find((row) => row.studyId === selected);
  last.current = listed ?? last.current;
  const kept = last.current?.studyId === selected ? last.current : null;
  // The preview asks for the same: this adds no question, and no reading to the ledger.
  const study = useQuery({
    ...station.studies.get.queryOptions({ input: { studyId: kept?.studyId ?? ('' as StudyId) } }),
    enabled: kept !== null && listed === undefined,
  });
  return listed ?? (kept && (study.data?.row ?? kept));
}
