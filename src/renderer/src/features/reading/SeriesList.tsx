import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { SeriesCard, StudyDetail } from '../../../../shared/contract/studies.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { formatMoment } from '../../ui/duration.ts';
import { EvidenceList } from '../../ui/EvidenceList.tsx';
import { SeriesThumbnail } from '../../viewport/SeriesThumbnail.tsx';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import { countNotDisplayed, type Panes } from './panes.ts';
import { RejectedImages } from './RejectedImages.tsx';
import classes from './reading.module.css';

type Props = {
  readonly study: StudyDetail;
  readonly panes: Panes;
  readonly shelf: SeriesShelf | null;
  readonly onHang: (seriesUid: string) => void;
  readonly showsRejected: boolean;
  readonly onShowRejected: (isShown: boolean) => void;
  /** What was measured on these series. */
  readonly children: ReactNode;
};

/** The study's series with small pictures; which were on the screen, and how many were not. */
export function SeriesList(props: Props): ReactNode {
  const { study, panes, shelf, onHang, showsRejected, onShowRejected, children } = props;
  const { t } = useTranslation('reading');
  const { zone } = useCurrentUser().site;
  const notDisplayed = countNotDisplayed(panes, study.series);
  const { received, expected, completeness } = study.row.images;
  return (
    <nav className={classes.seriesList} aria-label={t('series.list')}>
      <h2 className={classes.heading}>{t('series.heading', { count: study.series.length })}</h2>
      <p className={classes.notDisplayed} data-some={notDisplayed > 0} role="status">
        {t('series.notDisplayed', { count: notDisplayed })}
      </p>
      <ul className={classes.plainList}>
        {study.series.map((series) => (
          <li key={series.seriesUid}>
            <SeriesEntry series={series} panes={panes} shelf={shelf} onHang={onHang} />
          </li>
        ))}
      </ul>
      {children}
      <RejectedImages hidden={study.hidden} isShown={showsRejected} onShow={onShowRejected} />
      <p className={classes.fact}>
        {expected === null ? t('series.images', { received }) : t('series.imagesOf', { received, expected })}
        {' · '}
        {t(`series.completeness.${completeness}`)}
      </p>
      {study.completeness !== null && <EvidenceList evidence={study.completeness} zone={zone} />}
      {study.newVersions.map(({ images, differing, atMs }) => (
        <p key={differing.join()} className={classes.fact} title={differing.join(', ')}>
          {t('series.newVersions', { count: images, at: formatMoment(atMs, zone), differing: differing.join(', ') })}
        </p>
      ))}
      {study.quarantine.length > 0 && (
        <p className={classes.quarantined}>{t('series.quarantined', { count: study.quarantine.length })}</p>
      )}
      <Priors study={study} />
    </nav>
  );
}

type EntryProps = Pick<Props, 'panes' | 'shelf' | 'onHang'> & { readonly series: SeriesCard };

function SeriesEntry({ series, panes, shelf, onHang }: EntryProps): ReactNode {
  const { t } = useTranslation('reading');
  const title = [series.modality, series.number].filter((part) => part !== null).join(' · ');
  if (!series.displayable) {
    return (
      <div className={classes.series} data-displayable="false">
        <span className={classes.noPicture}>{series.modality}</span>
        <span className={classes.seriesText}>
          <strong>{title}</strong>
          <span>{series.description}</span>
          <span className={classes.dim}>{t('series.noImage')}</span>
        </span>
      </div>
    );
  }
  const isDisplayed = panes.displayed.has(series.seriesUid);
  return (
    <button
      type="button"
      className={classes.series}
      aria-pressed={panes.series.includes(series.seriesUid)}
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
      </span>
    </button>
  );
}

function Priors({ study }: { readonly study: StudyDetail }): ReactNode {
  const { t } = useTranslation('reading');
  if (study.priors.length === 0) return <p className={classes.fact}>{t('priors.none')}</p>;
  return (
    <>
      <h2 className={classes.heading}>{t('priors.heading', { count: study.priors.length })}</h2>
      <ul className={classes.plainList}>
        {study.priors.map((prior) => (
          <li key={prior.studyId} className={classes.prior}>
            <Link to="/reading/$studyId" params={{ studyId: prior.studyId }}>
              {[prior.modality, formatDicomDate(prior.dateRaw), prior.description].filter(Boolean).join(' · ')}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
