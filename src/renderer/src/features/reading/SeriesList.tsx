import { type ReactNode, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatMoment } from '../../ui/duration.ts';
import { EvidenceList } from '../../ui/EvidenceList.tsx';
import type { KeyImageBook, KeyMark } from '../../viewport/key-images/key-image-book.ts';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { ThirdPartyBook } from '../../viewport/third-party/third-party-book.ts';
import { countKeys } from './others-targets.ts';
import { countNotDisplayed, type Panes } from './panes.ts';
import { PriorList } from './PriorList.tsx';
import { RejectedImages } from './RejectedImages.tsx';
import classes from './reading.module.css';
import { SeriesEntry } from './SeriesEntry.tsx';
import type { Beside } from './use-beside.ts';

type Props = {
  readonly study: StudyDetail;
  readonly panes: Panes;
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
  readonly prior: Pick<Beside, 'prior' | 'wanted' | 'isFailed' | 'choose'>;
  /** What others sent: key images are marked at their series. */
  readonly thirdParty: ThirdPartyBook;
  /** What readers picked out here: they are counted at their series. */
  readonly keyImages: KeyImageBook;
  readonly onHang: (seriesUid: string) => void;
  readonly showsRejected: boolean;
  readonly onShowRejected: (isShown: boolean) => void;
  /** What was measured on these series. */
  readonly children: ReactNode;
};

/** The study's series with small pictures; which were on the screen, and how many were not. */
export function SeriesList(props: Props): ReactNode {
  const { study, panes, shelfOf, prior, thirdParty, keyImages, onHang, showsRejected, onShowRejected, children } =
    props;
  const { objects } = useSyncExternalStore(thirdParty.subscribe, thirdParty.getState);
  const { marks } = useSyncExternalStore(keyImages.subscribe, keyImages.getState);
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
            <SeriesEntry
              series={series}
              panes={panes}
              shelf={shelfOf(series.seriesUid)}
              keys={countKeys(objects, series.seriesUid)}
              marked={countMarked(marks, series.seriesUid)}
              onHang={onHang}
            />
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
      <PriorList priors={study.priors} beside={prior} {...{ panes, shelfOf, onHang }} />
    </nav>
  );
}

/** How many of a series' images were picked out, by however many readers. */
function countMarked(marks: readonly KeyMark[], seriesUid: string): number {
  const ofSeries = marks.filter((mark) => mark.seriesUid === seriesUid);
  return new Set(ofSeries.map(({ sopUid, frameNumber }) => `${sopUid} ${frameNumber}`)).size;
}
