import { ActionIcon, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeasurementBook } from '../../viewport/measurements/measurement-book.ts';
import { describeInPlane } from '../../viewport/mpr/describe-in-plane.ts';
import { isPlaneMeasurement, type PlaneMeasurement } from '../../viewport/mpr/plane-measurement.ts';
import classes from './reading.module.css';

type Props = {
  readonly book: MeasurementBook;
  /** The number and description of a series; null of one that is not known. */
  readonly seriesName: (seriesUid: string) => string | null;
  /** Opens the planes as they were when it was measured. */
  readonly onJump: (measurement: PlaneMeasurement) => void;
};

/** What was measured on planes through series, each said to be resampled, and through which slab: gone to and taken out as those of images are. */
export function PlaneMeasurementList({ book, seriesName, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { all, selected } = useSyncExternalStore(book.subscribe, book.getState);
  const ofPlanes = all.filter(isPlaneMeasurement);
  if (ofPlanes.length === 0) return null;
  return (
    <section className={classes.measurements} aria-label={t('measure.inPlanes')}>
      <h2 className={classes.heading}>{t('measure.inPlanes')}</h2>
      <p className={classes.fact}>{t('measure.notKept')}</p>
      <ul className={classes.plainList}>
        {ofPlanes.map((one) => {
          const { slab, plane } = one.on;
          const name = `${t(`tool.${one.kind}`)} · ${t(`mpr.plane.${plane}`)}`;
          return (
            <li key={one.id} className={classes.measurement} data-selected={one.id === selected}>
              <button
                type="button"
                className={classes.findingJump}
                title={t('measure.jumpToPlane')}
                onClick={() => {
                  book.select(one.id);
                  onJump(one);
                }}
              >
                <span
                  className={classes.dim}
                >{`${seriesName(one.seriesUid) ?? t('measure.otherSeries')} · ${name}`}</span>
                <span className={classes.measuredValue}>
                  {describeInPlane(one.measured, slab, t).map((line) => (
                    <span key={line}>{line}</span>
                  ))}
                </span>
              </button>
              <Tooltip label={t('measure.remove')}>
                <ActionIcon
                  size={24}
                  variant="subtle"
                  color="gray"
                  aria-label={`${t('measure.remove')}: ${name}`}
                  onClick={() => book.remove(one.id)}
                >
                  <IconTrash size={15} />
                </ActionIcon>
              </Tooltip>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
