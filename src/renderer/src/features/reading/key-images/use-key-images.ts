import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../../shared/contract/studies.ts';
import { failureOf } from '../../../bridge/failure.ts';
import { station } from '../../../bridge/queries.ts';
import { useCurrentUser } from '../../../bridge/session.ts';
import { announce } from '../../../ui/announcer.ts';
import { isSameFrame } from '../../../viewport/key-images/key-image-book.ts';
import type { ReadingDesk } from '../../../viewport/reading-desk.ts';
import type { SeriesShelf } from '../../../viewport/series-shelf.ts';
import type { FrameAddress } from '../../../viewport/stack.ts';
import { type Mark, type PlacedMark, placeMarks } from './placed-marks.ts';
import { useMarkedStacks } from './use-marked-stacks.ts';

/** What readers picked out of the study on the screen and its prior, and how this reader does. */
export type KeyImages = {
  /** Those that stand, in reading order. */
  readonly marks: readonly PlacedMark[];
  /** Those of the study that do not stand any more. */
  readonly setAside: readonly Mark[];
  /** The station could not say. */
  readonly isUnknown: boolean;
  readonly mayMark: boolean;
  readonly isOwn: (mark: Mark) => boolean;
  /** Marks an image for this reader, or takes their mark off it; what came of it is said, and can be taken back. */
  readonly toggle: (image: FrameAddress & { readonly seriesUid: string }) => void;
  /** The same, told which; of the study where no series is named. */
  readonly set: (image: FrameAddress & { readonly seriesUid: string | null }, isKey: boolean) => void;
};

type Wish = {
  readonly study: StudyDetail;
  readonly prior: StudyDetail | null;
  readonly desk: ReadingDesk;
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
};

/** Follows the key images of the study on the screen; every window of it and every reader's page says the same. */
export function useKeyImages({ study, prior, desk, shelfOf }: Wish): KeyImages {
  const { t } = useTranslation('reading');
  const { t: why } = useTranslation();
  const cache = useQueryClient();
  const { userId, permissions } = useCurrentUser();
  const ofStudy = useQuery(station.studies.keyImages.queryOptions({ input: { studyId: study.row.studyId } }));
  const ofPrior = useQuery({
    ...station.studies.keyImages.queryOptions({ input: { studyId: prior?.row.studyId ?? study.row.studyId } }),
    enabled: prior !== null,
  });
  const isUnknown = (ofStudy.isError && !ofStudy.data) || (prior !== null && ofPrior.isError && !ofPrior.data);
  const all = useMemo(
    () => [...(ofStudy.data?.marks ?? []), ...(prior === null ? [] : (ofPrior.data?.marks ?? []))],
    [ofStudy.data, ofPrior.data, prior],
  );
  const series = useMemo(
    () => [...study.series, ...(prior?.series ?? [])].map(({ seriesUid }) => seriesUid),
    [study, prior],
  );
  const stacks = useMarkedStacks(
    all.flatMap(({ seriesUid }) => (seriesUid !== null && series.includes(seriesUid) ? [seriesUid] : [])),
    shelfOf,
  );
  const marks = useMemo(() => placeMarks(all, series, stacks), [all, series, stacks]);
  useEffect(() => {
    const nameOf = ({ markedBy }: Mark) => (markedBy.userId === userId ? null : markedBy.name);
    desk.keyImages.found({ isUnknown, marks: marks.map((mark) => ({ ...mark, by: nameOf(mark) })) });
  }, [desk, marks, isUnknown, userId]);

  const { mutateAsync } = useMutation(station.studies.setKeyImage.mutationOptions());
  const ownerOf = (seriesUid: string | null) =>
    prior?.series.some((one) => one.seriesUid === seriesUid) ? prior : study;

  /** Tells the station; true once it has it. */
  async function tell(of: StudyDetail, { sopUid, frameNumber }: FrameAddress, isKey: boolean): Promise<boolean> {
    try {
      const answer = await mutateAsync({
        ...{ studyId: of.row.studyId, patientId: of.row.patient.patientId, identityVersion: of.identityVersion },
        ...{ sopUid, frameNumber, isKey },
      });
      const { studyId } = answer;
      cache.setQueryData(station.studies.keyImages.queryKey({ input: { studyId } }), answer);
      announce(t(isKey ? 'keyImages.marked' : 'keyImages.unmarked'));
      return true;
    } catch (error) {
      const { code, detail } = failureOf(error);
      const message = why([`reading:keyImages.refused.${detail}`, `failure.${code}`, 'failure.unexpected-answer']);
      notifications.show({ title: t(isKey ? 'keyImages.notMarked' : 'keyImages.notUnmarked'), message, color: 'red' });
      return false;
    }
  }

  const set: KeyImages['set'] = (image, isKey) => {
    const of = ownerOf(image.seriesUid);
    void tell(of, image, isKey).then((isDone) => {
      // What a correction left behind comes back by an act of its own alone.
      if (!isDone || image.seriesUid === null) return;
      const again = (isWanted: boolean) => () => {
        void tell(of, image, isWanted);
        return true;
      };
      desk.history.note({ undo: again(!isKey), redo: again(isKey) });
    });
  };
  const isOwn = ({ markedBy }: Mark) => markedBy.userId === userId;
  return {
    ...{ marks, isUnknown, isOwn, set },
    setAside: (ofStudy.data?.marks ?? []).filter((mark) => mark.setAside !== null),
    mayMark: permissions.includes('image.mark'),
    toggle: (image) => set(image, !marks.some((mark) => isOwn(mark) && isSameFrame(mark, image))),
  };
}
