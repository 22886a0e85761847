import { Button, Checkbox, Collapse } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyIdentity } from '../../../../shared/contract/identity.ts';
import page from '../../ui/Page.module.css';
import classes from './identity.module.css';

type Series = StudyIdentity['series'][number];
type Props = {
  readonly series: readonly Series[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (sopUids: ReadonlySet<string>) => void;
};

/** The study's series and objects, to choose from: a whole series or single objects of it. */
export function SeriesChooser({ series, chosen, onChoose }: Props): ReactNode {
  return (
    <ul className={classes.list}>
      {series.map((one) => (
        <SeriesEntry key={one.seriesId} series={one} chosen={chosen} onChoose={onChoose} />
      ))}
    </ul>
  );
}

function SeriesEntry({ series, chosen, onChoose }: Omit<Props, 'series'> & { readonly series: Series }): ReactNode {
  const { t } = useTranslation('corrections');
  const [isOpen, setIsOpen] = useState(false);
  const picked = series.instances.filter(({ sopUid }) => chosen.has(sopUid)).length;
  const set = (sopUids: readonly string[], isIn: boolean) => {
    const now = new Set(chosen);
    for (const sopUid of sopUids) {
      if (isIn) now.add(sopUid);
      else now.delete(sopUid);
    }
    onChoose(now);
  };
  const { number, modality, description } = series;
  return (
    <li>
      <div className={page.actions}>
        <Checkbox
          size="xs"
          aria-label={t('identity.selectSeries', { number })}
          checked={picked === series.instances.length}
          indeterminate={picked > 0 && picked < series.instances.length}
          onChange={(event) =>
            set(
              series.instances.map(({ sopUid }) => sopUid),
              event.currentTarget.checked,
            )
          }
        />
        <span>{t('identity.seriesLine', { number: number ?? '–', modality, description: description ?? '' })}</span>
        <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {t('identity.objects', { count: series.instances.length })}
        </Button>
      </div>
      <Collapse expanded={isOpen}>
        <div className={classes.objects}>
          {isOpen &&
            series.instances.map(({ sopUid, number: object }) => (
              <Checkbox
                key={sopUid}
                size="xs"
                label={t('identity.selectObject', { number: object ?? '–' })}
                checked={chosen.has(sopUid)}
                onChange={(event) => set([sopUid], event.currentTarget.checked)}
              />
            ))}
        </div>
      </Collapse>
    </li>
  );
}
