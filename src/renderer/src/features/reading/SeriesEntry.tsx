import { IconEye, IconEyeOff } from '@tabler/icons-react';
import type { DragEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { SeriesCard } from '../../../../shared/contract/studies.ts';
import { SeriesThumbnail } from '../../viewport/SeriesThumbnail.tsx';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { Panes } from './panes.ts';
import classes from './reading.module.css';

type Props = {
  readonly series: SeriesCard;
  readonly panes: Panes;
  readonly shelf: SeriesShelf | null;
  /** Key images that others picked out of it, and those they picked because something is wrong; none where nobody asked. */
  readonly keys?: { readonly picked: number; readonly warned: number };
  /** How many images readers here picked out of it. */
  readonly marked?: number;
  readonly onHang: (seriesUid: string) => void;
};

/** What a dragged series is carried as; the page itself is asked which, so that nothing foreign is hung. */
const DRAGGED = 'application/x-wetread-series';

/** The series that is dropped here; null of anything else that is dragged. */
export function droppedSeries(event: DragEvent): string | null {
  return event.dataTransfer.getData(DRAGGED) || null;
}

/** True while a series is dragged over. */
export function isSeriesDragged(event: DragEvent): boolean {
  return event.dataTransfer.types.includes(DRAGGED);
}

/** One series: hung in the active viewport by a click, and in any by dragging it there. */
export function SeriesEntry({ series, panes, shelf, keys, marked = 0, onHang }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const title = [series.modality, series.number].filter((part) => part !== null).join(' · ');
  if (!series.displayable) {
    return (
      <button
        type="button"
        className={classes.series}
        aria-pressed={panes.series.includes(series.seriesUid)}
        onClick={() => onHang(series.seriesUid)}
      >
        <span className={classes.noPicture}>{series.modality}</span>
        <span className={classes.seriesText}>
          <strong>{title}</strong>
          <span>{series.description}</span>
          <span className={classes.dim}>{t('series.noImage')}</span>
        </span>
      </button>
    );
  }
  const isDisplayed = panes.displayed.has(series.seriesUid);
  return (
    <button
      type="button"
      className={classes.series}
      aria-pressed={panes.series.includes(series.seriesUid)}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, series.seriesUid);
        event.dataTransfer.effectAllowed = 'copy';
      }}
      onClick={() => onHang(series.seriesUid)}
    >
      {shelf === null ? (
        <span className={classes.noPicture} />
      ) : (
        <SeriesThumbnail shelf={shelf} seriesUid={series.seriesUid} />
      )}
      <span className={classes.seriesText}>
        <strong>{title}</strong>
        <span>{series.description}</span>
        <span className={classes.dim}>
          {t('series.instances', { count: series.instances })}{' '}
          {isDisplayed ? (
            <IconEye size={13} aria-label={t('series.displayed')} />
          ) : (
            <IconEyeOff size={13} aria-label={t('series.notYet')} className={classes.notYet} />
          )}
        </span>
        {marked > 0 && <strong className={classes.keyImages}>★ {t('keyImages.count', { count: marked })}</strong>}
        {keys !== undefined && keys.picked > 0 && <span>★ {t('others.keyImages', { count: keys.picked })}</span>}
        {keys !== undefined && keys.warned > 0 && (
          <strong className={classes.notYet}>⚠ {t('others.warnedImages', { count: keys.warned })}</strong>
        )}
      </span>
    </button>
  );
}
