import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerStudy } from '../../../../shared/contract/peers.ts';
import { formatDicomDate, formatDicomTime } from '../../ui/dicom-date.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import classes from './ArchivePage.module.css';

/** The columns: patient, accession, exam, when, how much, whether it is here. */
export const TRACKS = ['minmax(190px, 1.4fr)', '100px', 'minmax(150px, 1fr)', '120px', '96px', '60px'] as const;

type Props = {
  readonly studies: readonly PeerStudy[];
  /** Studies that came here since they were found. */
  readonly arrived: ReadonlySet<string>;
  readonly selectedUid: string | null;
  readonly onSelect: (studyUid: string) => void;
};

/** What a peer answered; the arrow keys move through it. */
export function FoundStudies({ studies, arrived, selectedUid, onSelect }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const place = studies.findIndex(({ studyUid }) => studyUid === selectedUid);
  const select = (index: number) => {
    const study = studies[Math.max(0, Math.min(studies.length - 1, index))];
    if (study === undefined) return;
    onSelect(study.studyUid);
    document.getElementById(`found-${study.studyUid}`)?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = useShortcuts(t('found.title'), [
    { key: 'ArrowDown', alias: 'j', label: t('app:worklist.key.down'), run: () => select(place + 1) },
    { key: 'ArrowUp', alias: 'k', label: t('app:worklist.key.up'), run: () => select(place === -1 ? 0 : place - 1) },
  ]);
  const columns = { gridTemplateColumns: TRACKS.join(' ') };
  return (
    <div
      role="grid"
      tabIndex={0}
      aria-label={t('found.title')}
      aria-rowcount={studies.length + 1}
      aria-activedescendant={selectedUid === null ? undefined : `found-${selectedUid}`}
      onKeyDown={onKeyDown}
    >
      <div role="row" className={classes.head} style={columns}>
        {(['patient', 'accession', 'exam', 'date', 'images', 'here'] as const).map((column) => (
          <span key={column} role="columnheader">
            {t(`column.${column}`)}
          </span>
        ))}
      </div>
      {studies.map((study) => (
        <div
          key={study.studyUid}
          id={`found-${study.studyUid}`}
          role="row"
          aria-selected={study.studyUid === selectedUid}
          className={classes.row}
          style={columns}
          onClick={() => onSelect(study.studyUid)}
        >
          <span role="gridcell">
            <PatientOfPeer study={study} />
          </span>
          <span role="gridcell">{study.accession ?? '–'}</span>
          <span role="gridcell">
            {[study.modalities.join(' '), study.description].filter(Boolean).join(' · ') || '–'}
          </span>
          <span role="gridcell" className={classes.quiet}>
            {[formatDicomDate(study.dateRaw), formatDicomTime(study.timeRaw)].filter(Boolean).join(' ') || '–'}
          </span>
          <span role="gridcell" className={classes.quiet}>
            {t('found.images', { series: study.series ?? '?', images: study.instances ?? '?' })}
          </span>
          <span role="gridcell">{study.studyId === null && !arrived.has(study.studyUid) ? '–' : t('found.here')}</span>
        </div>
      ))}
    </div>
  );
}

/** Who a peer says the patient is, in two lines: name, then birth date, sex and number with its issuer. */
export function PatientOfPeer({
  study,
}: {
  readonly study: Pick<PeerStudy, 'patientName' | 'birthDateRaw' | 'sex' | 'patientId' | 'issuerOfPatientId'>;
}): ReactNode {
  const { t } = useTranslation();
  const { patientName, birthDateRaw, sex, patientId, issuerOfPatientId } = study;
  const number = patientId === null ? t('patient.noMrn') : [patientId, issuerOfPatientId].filter(Boolean).join(' / ');
  return (
    <>
      <strong>{formatPersonName(patientName) ?? t('patient.noName')}</strong>
      <span className={classes.facts}>
        {[formatDicomDate(birthDateRaw) ?? `${t('patient.born')} ${t('patient.missing')}`, sex, number]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </>
  );
}
