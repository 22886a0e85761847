import { useMutation } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import type { Seen } from '../../../../shared/domain/opening.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';

/** Whether the station knows that this reader has the images open. */
export type Opening = {
  readonly failure: Failure | null;
  /** To be called when images are on the screen. */
  readonly onImagesDisplayed: () => void;
  readonly retry: () => void;
};

/**
 * Tells the station that images were displayed, and what the reader has seen with them, if this user's opening counts: it stops
 * the open-by clock. Told once, and again when they have seen more.
 */
export function useOpening(studyId: StudyId, { revision, raises }: Seen): Opening {
  const mayOpen = useCurrentUser().permissions.includes('study.open');
  const { mutate, error } = useMutation(station.studies.open.mutationOptions());
  const [isDisplayed, setIsDisplayed] = useState(false);
  const tell = useCallback(() => mutate({ studyId, seen: { revision, raises } }), [mutate, studyId, revision, raises]);
  useEffect(() => {
    if (mayOpen && isDisplayed) tell();
  }, [mayOpen, isDisplayed, tell]);
  const onImagesDisplayed = useCallback(() => setIsDisplayed(true), []);
  return { failure: error === null ? null : failureOf(error), onImagesDisplayed, retry: tell };
}
