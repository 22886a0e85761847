import type { TFunction } from 'i18next';
import type { ImportCard } from '../../../../shared/contract/media.ts';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import type { RowColumn } from '../../ui/RowGrid.tsx';
import { HowFar } from './HowFar.tsx';

/** When an import began, from where, by whom, how it is, and how far. */
export function importColumns(t: TFunction<'media'>, zone: string): readonly RowColumn<ImportCard>[] {
  return [
    {
      ...{ title: t('import.columns.started'), track: '160px', isQuiet: true },
      cell: ({ startedAtMs }) => formatMoment(startedAtMs, zone),
    },
    {
      ...{ title: t('import.columns.from'), track: 'minmax(110px, 1.1fr)' },
      cell: ({ source, place }) => t(`import.source.${source}`, { place: place ?? '' }),
    },
    { ...{ title: t('import.columns.by'), track: 'minmax(130px, 0.8fr)' }, cell: ({ askedBy }) => askedBy },
    {
      ...{ title: t('import.columns.state'), track: '80px' },
      cell: ({ state }) => (
        <span className={state === 'failed' ? page.bad : undefined}>{t(`import.state.${state}`)}</span>
      ),
    },
    {
      ...{ title: t('import.columns.files'), track: 'minmax(150px, 1.2fr)' },
      cell: (card) => <HowFar card={card} />,
    },
  ];
}
