import { useMutation } from '@tanstack/react-query';
import { useCallback, useRef } from 'react';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';

/** Whether the station knows that this reader has the images open. */
export type Opening = {
  readonly failure: Failure | null;
  /** To be called when images are on the screen; only the first call counts. */
  readonly onImagesDisplayed: () => void;
  readonly retry: () => void;
};

/** Tells the station once that images were displayed, if this user's opening counts: it stops the open-by clock. */
export function useOpening(studyId: StudyId): Opening {
  const mayOpen = useCurrentUser().permissions.includes('study.open');
  const { mutate, error } = useMutation(station.studies.open.mutationOptions());
  const isTold = useRef(false);
  const retry = useCallback(() => mutate({ studyId }), [mutate, studyId]);
  const onImagesDisplayed = useCallback(() => {
    if (!mayOpen || isTold.current) return;
    isTold.current = true;
    retry();
  }, [mayOpen, retry]);
  return { failure: error === null ? null : failureOf(error), onImagesDisplayed, retry };
}
