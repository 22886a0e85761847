import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconStarOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useCurrentUser } from '../../../bridge/session.ts';
import { formatMoment } from '../../../ui/duration.ts';
import { SeriesThumbnail } from '../../../viewport/SeriesThumbnail.tsx';
import type { SeriesShelf } from '../../../viewport/series-shelf.ts';
import type { JumpTarget } from '../jump-target.ts';
import reading from '../reading.module.css';
import classes from './KeyImageList.module.css';
import type { Mark, PlacedMark } from './placed-marks.ts';
import type { KeyImages } from './use-key-images.ts';

type Props = {
  readonly keyImages: KeyImages;
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
  /** The number and description of a series; null of one that is not known. */
  readonly seriesName: (seriesUid: string) => string | null;
  readonly onJump: (target: JumpTarget) => void;
};

/** What readers picked out, image by image: each can be gone to, and a reader's own mark taken off; and what was not carried over. */
export function KeyImageList({ keyImages, shelfOf, seriesName, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { marks, setAside, isUnknown } = keyImages;
  if (marks.length + setAside.length === 0 && !isUnknown) return null;
  return (
    <section className={reading.measurements} aria-label={t('keyImages.heading')}>
      <h2 className={reading.heading}>{t('keyImages.heading')}</h2>
      {isUnknown && <p role="alert">{t('keyImages.unknown')}</p>}
      <ul className={reading.plainList}>
        {marks.map((mark) => (
          <Entry
            key={keyOf(mark)}
            {...{ mark, keyImages, onJump }}
            shelf={shelfOf(mark.seriesUid)}
            series={seriesName(mark.seriesUid)}
          />
        ))}
      </ul>
      {setAside.length > 0 && <SetAside keyImages={keyImages} />}
    </section>
  );
}

type EntryProps = {
  readonly mark: PlacedMark;
  readonly keyImages: KeyImages;
  readonly shelf: SeriesShelf | null;
  readonly series: string | null;
  readonly onJump: Props['onJump'];
};

function Entry({ mark, keyImages, shelf, series, onJump }: EntryProps): ReactNode {
  const { t } = useTranslation('reading');
  const { sopUid, frameNumber, seriesUid, index } = mark;
  const name = index === null ? t('keyImages.image') : t('measure.image', { position: index + 1 });
  const keyImage = { sopUid, frameNumber, centreMm: null, frameOfReferenceUid: null };
  return (
    <li className={classes.entry}>
      <button
        type="button"
        className={`${reading.findingJump} ${classes.jump}`}
        title={t('keyImages.jump')}
        onClick={() => onJump({ seriesUid, keyImage, pixel: null, mask: null })}
      >
        {shelf !== null && <SeriesThumbnail shelf={shelf} seriesUid={seriesUid} frame={mark} />}
        <span className={reading.seriesText}>
          <strong>★ {name}</strong>
          <span>{series}</span>
          <Marked mark={mark} keyImages={keyImages} />
        </span>
      </button>
      {keyImages.isOwn(mark) && keyImages.mayMark && <Remove {...{ mark, keyImages, name }} />}
    </li>
  );
}

function Marked({ mark, keyImages }: Pick<EntryProps, 'keyImages'> & { readonly mark: Mark }): ReactNode {
  const { t } = useTranslation('reading');
  const { zone } = useCurrentUser().site;
  const by = keyImages.isOwn(mark) ? t('keyImages.you') : mark.markedBy.name;
  const moment = formatMoment(mark.markedAtMs, zone);
  // Day and minute; the year and the second stand behind it.
  return (
    <span className={reading.dim} title={moment}>
      {t('keyImages.by', { by, at: moment.slice(5, 16) })}
    </span>
  );
}

type RemoveProps = Pick<EntryProps, 'keyImages'> & { readonly mark: Mark; readonly name: string };

function Remove({ mark, keyImages, name }: RemoveProps): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <Tooltip label={t('keyImages.remove')}>
      <ActionIcon
        size={24}
        variant="subtle"
        color="gray"
        aria-label={`${t('keyImages.remove')}: ${name}`}
        onClick={() => keyImages.set(mark, false)}
      >
        <IconStarOff size={15} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Marks that a correction left behind: they are not shown on images and leave with no export. */
function SetAside({ keyImages }: Pick<EntryProps, 'keyImages'>): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <div className={classes.setAside} role="note">
      <strong>{t('keyImages.setAside')}</strong>
      <ul className={reading.plainList}>
        {keyImages.setAside.map((mark) => (
          <li key={keyOf(mark)} className={classes.entry}>
            <span className={reading.seriesText}>
              <span>{t(`keyImages.because.${mark.setAside ?? 'not-here'}`)}</span>
              <Marked mark={mark} keyImages={keyImages} />
              {mark.setAside === 'other-patient' && keyImages.isOwn(mark) && keyImages.mayMark && (
                <Button size="compact-xs" variant="default" onClick={() => keyImages.set(mark, true)}>
                  {t('keyImages.markAnew')}
                </Button>
              )}
            </span>
            {keyImages.isOwn(mark) && keyImages.mayMark && (
              <Remove {...{ mark, keyImages }} name={t('keyImages.image')} />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function keyOf({ sopUid, frameNumber, markedBy }: Mark): string {
  return `${sopUid} ${frameNumber} ${markedBy.userId}`;
}
