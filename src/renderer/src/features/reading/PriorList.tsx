import { Loader } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { Panes } from './panes.ts';
import classes from './reading.module.css';
import { SeriesEntry } from './SeriesEntry.tsx';
import type { Beside } from './use-beside.ts';

type Props = {
  readonly priors: StudyDetail['priors'];
  readonly beside: Pick<Beside, 'prior' | 'wanted' | 'isFailed' | 'choose'>;
  readonly panes: Panes;
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
  readonly onHang: (seriesUid: string) => void;
};

/** The patient's other studies; one at a time stands beside, with its series to hang. */
export function PriorList({ priors, beside, ...hang }: Props): ReactNode {
  const { t } = useTranslation('reading');
  if (priors.length === 0) return <p className={classes.fact}>{t('priors.none')}</p>;
  return (
    <>
      <h2 className={classes.heading}>{t('priors.heading', { count: priors.length })}</h2>
      <ul className={classes.plainList}>
        {priors.map((prior) => (
          <li key={prior.studyId} className={classes.prior}>
            <Link to="/reading/$studyId" params={{ studyId: prior.studyId }}>
              {[prior.modality, formatDicomDate(prior.dateRaw), prior.description].filter(Boolean).join(' · ')}
            </Link>
            <button
              type="button"
              className={classes.more}
              aria-pressed={beside.wanted === prior.studyId}
              onClick={() => beside.choose(beside.wanted === prior.studyId ? null : prior.studyId)}
            >
              {t(beside.wanted === prior.studyId ? 'priors.away' : 'priors.beside')}
            </button>
            {beside.wanted === prior.studyId && <PriorSeries beside={beside} {...hang} />}
          </li>
        ))}
      </ul>
    </>
  );
}

function PriorSeries({ beside: { prior, isFailed }, shelfOf, ...hang }: Omit<Props, 'priors'>): ReactNode {
  const { t } = useTranslation('reading');
  if (isFailed) return <p className={classes.quarantined}>{t('priors.failed')}</p>;
  if (prior === null) return <Loader size="xs" color="gray" role="status" aria-label={t('priors.loading')} />;
  if (!prior.series.some((one) => one.displayable)) return <p className={classes.fact}>{t('priors.noImages')}</p>;
  return (
    <ul className={classes.plainList}>
      {prior.series.map((series) => (
        <li key={series.seriesUid}>
          <SeriesEntry series={series} shelf={shelfOf(series.seriesUid)} {...hang} />
        </li>
      ))}
    </ul>
  );
}
