import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerStudy } from '../../../../shared/contract/peers.ts';
import { formatDicomDate, formatDicomTime } from '../../ui/dicom-date.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import page from '../../ui/Page.module.css';
import type { RowColumn } from '../../ui/RowGrid.tsx';

/** Whose study a peer has, which it is, when it was made, how much it is, and whether it is here. `arrived`: came since they were found. */
export function foundColumns(t: TFunction<'archive'>, arrived: ReadonlySet<string>): readonly RowColumn<PeerStudy>[] {
  return [
    {
      ...{ title: t('column.patient'), track: 'minmax(300px, 1.4fr)' },
      cell: (study) => <PatientOfPeer study={study} />,
    },
    {
      ...{ title: t('column.accession'), track: '100px' },
      cell: ({ accession }) => <span data-phi>{accession ?? '–'}</span>,
    },
    {
      ...{ title: t('column.exam'), track: 'minmax(150px, 1fr)' },
      cell: ({ modalities, description }) => [modalities.join(' '), description].filter(Boolean).join(' · ') || '–',
    },
    {
      ...{ title: t('column.date'), track: '120px', isQuiet: true },
      cell: ({ dateRaw, timeRaw }) =>
        [formatDicomDate(dateRaw), formatDicomTime(timeRaw)].filter(Boolean).join(' ') || '–',
    },
    {
      ...{ title: t('column.images'), track: '96px', isQuiet: true },
      cell: ({ series, instances }) => t('found.images', { series: series ?? '?', images: instances ?? '?' }),
    },
    {
      ...{ title: t('column.here'), track: '60px' },
      cell: ({ studyId, studyUid }) => (studyId === null && !arrived.has(studyUid) ? '–' : t('found.here')),
    },
  ];
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
      <strong data-phi>{formatPersonName(patientName) ?? t('patient.noName')}</strong>
      <span className={page.facts} data-phi>
        {[formatDicomDate(birthDateRaw) ?? `${t('patient.born')} ${t('patient.missing')}`, sex, number]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </>
  );
}
