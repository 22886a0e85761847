import { Checkbox, Radio } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { SeriesCard } from '../../../shared/contract/studies.ts';
import classes from './SeriesChoice.module.css';

/** Which series of a study: by UID, or null for all of it. */
export type ChosenSeries = readonly string[] | null;

type Props = {
  /** What is chosen for: `Send`, say. */
  readonly label: string;
  readonly series: readonly SeriesCard[];
  /** Images of the whole study. */
  readonly images: number;
  readonly chosen: ChosenSeries;
  readonly onChoose: (chosen: ChosenSeries) => void;
};

/** How much of a study: all of it, or some series of it. */
export function SeriesChoice({ label, series, images, chosen, onChoose }: Props): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <Radio.Group
        label={label}
        value={chosen === null ? 'all' : 'some'}
        onChange={(value) => onChoose(value === 'some' ? [] : null)}
      >
        <div className={classes.choices}>
          <Radio value="all" label={t('series.all', { count: images })} />
          <Radio value="some" label={t('series.some')} />
        </div>
      </Radio.Group>
      {chosen !== null && (
        <Checkbox.Group label={t('series.label')} value={[...chosen]} onChange={onChoose}>
          <div className={classes.choices}>
            {series.map(({ seriesUid, number, modality, description, instances }) => (
              <Checkbox
                key={seriesUid}
                value={seriesUid}
                label={t('series.one', {
                  name: [number, modality, description].filter((part) => part !== null && part !== '').join(' · '),
                  count: instances,
                })}
              />
            ))}
          </div>
        </Checkbox.Group>
      )}
    </>
  );
}

/** True where nothing would be taken: some series are wanted, and none is chosen. */
export function isNothingChosen(chosen: ChosenSeries): boolean {
  return chosen !== null && chosen.length === 0;
}
