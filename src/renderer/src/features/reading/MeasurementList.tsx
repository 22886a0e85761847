import { ActionIcon, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Measurement } from '../../viewport/measurements/measurement.ts';
import type { MeasurementBook } from '../../viewport/measurements/measurement-book.ts';
import { describeMeasured } from '../../viewport/measurements/measurement-text.ts';
import type { JumpTarget } from './jump-target.ts';
import classes from './reading.module.css';

type Props = {
  readonly book: MeasurementBook;
  /** The number and description of a series; null of one that is not known. */
  readonly seriesName: (seriesUid: string) => string | null;
  readonly onJump: (target: JumpTarget) => void;
};

/** What was measured on this look at the study, series by series: each can be gone to and taken out. */
export function MeasurementList({ book, seriesName, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { all, selected } = useSyncExternalStore(book.subscribe, book.getState);
  if (all.length === 0) return null;
  return (
    <section className={classes.measurements} aria-label={t('measure.heading')}>
      <h2 className={classes.heading}>{t('measure.heading')}</h2>
      <p className={classes.fact}>{t('measure.notKept')}</p>
      {[...Map.groupBy(all, ({ seriesUid }) => seriesUid)].map(([seriesUid, ofSeries]) => (
        <div key={seriesUid}>
          <h3 className={classes.measuredSeries}>{seriesName(seriesUid) ?? t('measure.otherSeries')}</h3>
          <ul className={classes.plainList}>
            {ofSeries
              .toSorted((a, b) => a.position - b.position)
              .map((one) => (
                <Entry
                  key={one.id}
                  measurement={one}
                  isSelected={one.id === selected}
                  onJump={() => {
                    book.select(one.id);
                    onJump(targetOfMeasurement(one));
                  }}
                  onRemove={() => book.remove(one.id)}
                />
              ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

type EntryProps = {
  readonly measurement: Measurement;
  readonly isSelected: boolean;
  readonly onJump: () => void;
  readonly onRemove: () => void;
};

function Entry({ measurement, isSelected, onJump, onRemove }: EntryProps): ReactNode {
  const { t } = useTranslation('reading');
  const { kind, position, measured } = measurement;
  const name = `${t(`tool.${kind}`)} · ${t('measure.image', { position })}`;
  return (
    <li className={classes.measurement} data-selected={isSelected}>
      <button type="button" className={classes.findingJump} onClick={onJump} title={t('measure.jump')}>
        <span className={classes.dim}>{name}</span>
        <span className={classes.measuredValue}>
          {describeMeasured(measured, t).map((line, index) => (
            <span key={index}>{line}</span>
          ))}
        </span>
      </button>
      <Tooltip label={t('measure.remove')}>
        <ActionIcon
          size={24}
          variant="subtle"
          color="gray"
          aria-label={`${t('measure.remove')}: ${name}`}
          onClick={onRemove}
        >
          <IconTrash size={15} />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}

function targetOfMeasurement({ seriesUid, sopUid, frameNumber, points }: Measurement): JumpTarget {
  const middle = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return {
    seriesUid,
    keyImage: { sopUid, frameNumber, centreMm: null, frameOfReferenceUid: null },
    pixel: [middle(0), middle(1)],
    mask: null,
  };
}
