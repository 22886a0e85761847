import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyFace } from '../../../shared/contract/quarantine.ts';
import { formatDicomDate } from './dicom-date.ts';
import { patientColour } from './patient-colour.ts';
import { formatPersonName } from './person-name.ts';
import classes from './StudyFaceCard.module.css';

type Props = { readonly study: StudyFace; readonly title?: string; readonly children?: ReactNode };

/** A study as it must be told from another: name, birth date, sex, MRN with issuer, accession and exam, with the patient's stripe. */
export function StudyFaceCard({ study, title, children }: Props): ReactNode {
  const { t } = useTranslation();
  const { patientName, birthDateRaw, sex, mrn, issuer, accession, modality, description, dateRaw } = study;
  const exam = [modality, description, formatDicomDate(dateRaw)].filter(Boolean).join(' · ');
  const number = mrn === null ? t('patient.missing') : [mrn, issuer].filter(Boolean).join(' / ');
  return (
    <article className={classes.card}>
      <span className={classes.stripe} style={{ background: patientColour(study.patientId) }} aria-hidden />
      <div className={classes.lines}>
        {title && <div className={classes.title}>{title}</div>}
        <strong data-phi>{formatPersonName(patientName) ?? t('patient.noName')}</strong>
        <div className={classes.facts}>
          <Fact label={t('patient.born')} value={formatDicomDate(birthDateRaw)} isPhi />
          <Fact label={t('patient.sex')} value={sex} />
          <Fact label={t('patient.mrn')} value={number} isPhi />
          <Fact label={t('patient.accession')} value={accession} isPhi />
        </div>
        <div className={classes.exam}>{exam}</div>
        {children}
      </div>
    </article>
  );
}

type FactProps = { readonly label: string; readonly value: string | null; readonly isPhi?: boolean };

function Fact({ label, value, isPhi = false }: FactProps): ReactNode {
  const { t } = useTranslation();
  return (
    <span>
      <span className={classes.label}>{label}</span>{' '}
      <span data-phi={isPhi || undefined}>{value || t('patient.missing')}</span>
    </span>
  );
}
