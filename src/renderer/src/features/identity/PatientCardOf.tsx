import type { CSSProperties, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PatientIdentity, PatientTarget } from '../../../../shared/contract/identity.ts';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { patientColour } from '../../ui/patient-colour.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import page from '../../ui/Page.module.css';
import classes from './identity.module.css';

type Props = {
  readonly patient: PatientIdentity | PatientTarget;
  readonly title?: string;
  readonly children?: ReactNode;
};

/** A patient as one is compared with another: name, birth date, sex, every number with its issuer, and how many studies. */
export function PatientCardOf({ patient, title, children }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  if (!('name' in patient)) return null;
  const isKnown = 'patientId' in patient;
  const numbers = isKnown
    ? patient.numbers
    : [{ value: patient.number, issuer: patient.issuer, type: 'MR', isDisputed: false }];
  const style = { '--stripe': isKnown ? patientColour(patient.patientId) : 'var(--wt-line)' } as CSSProperties;
  return (
    <article className={classes.patient} style={style}>
      {title && <span className={page.quiet}>{title}</span>}
      <strong data-phi>{formatPersonName(patient.name) ?? t('app:patient.noName')}</strong>
      <span>
        {t('app:patient.born')}{' '}
        <span data-phi>{formatDicomDate(patient.birthDateRaw) ?? t('app:patient.missing')}</span> ·{' '}
        {t('app:patient.sex')} {patient.sex ?? t('app:patient.missing')}
      </span>
      {numbers.length === 0 && <span>{t('identity.noNumbers')}</span>}
      {numbers.map(({ value, issuer, isDisputed }) => (
        <span key={`${value} ${issuer} ${isDisputed}`}>
          {t('app:patient.mrn')} <span data-phi>{value}</span>,{' '}
          {issuer === '' ? t('identity.noIssuer') : t('identity.issuer', { issuer })}
          {isDisputed && <span className={page.quiet}> ({t('identity.disputed')})</span>}
        </span>
      ))}
      {isKnown && (
        <span className={page.quiet}>
          {t('identity.studies', { count: patient.studies })}
          {patient.mergedInto !== null && ` · ${t('identity.merged')}`}
        </span>
      )}
      {children}
    </article>
  );
}
