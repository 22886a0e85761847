import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import type { PatientCard, WorklistRow } from '../../../shared/contract/worklist.ts';
import { stationNow } from './clock.ts';
import { ageOn, dicomDayOf, formatDicomDate, formatDicomTime } from './dicom-date.ts';
import classes from './PatientHeader.module.css';
import { patientColour } from './patient-colour.ts';
import { formatPersonName } from './person-name.ts';
import { sideOf } from './side.ts';
import { useWords } from './words.ts';

type Props = {
  readonly patient: PatientCard;
  readonly accession: string | null;
  readonly exam?: WorklistRow['exam'];
  /** What else stands in the header, at its right end. */
  readonly children?: ReactNode;
};

/** Who this is, whole: name, birth date, sex, age, MRN, accession and exam, with the patient's colour stripe and alerts. */
export function PatientHeader({ patient, accession, exam, children }: Props): ReactNode {
  const t = useWords();
  const age = ageOn(patient.birthDateRaw, exam?.dateRaw ?? dicomDayOf(stationNow()));
  return (
    <section className={classes.header} aria-label={t('patient.label')}>
      <span className={classes.stripe} style={{ background: patientColour(patient.patientId) }} aria-hidden />
      <div className={classes.lines}>
        <div className={classes.line}>
          <strong className={classes.name} data-phi>
            {formatPersonName(patient.name) ?? t('patient.noName')}
          </strong>
          <Fact label={t('patient.born')} value={formatDicomDate(patient.birthDateRaw)} isPhi />
          <Fact label={t('patient.sex')} value={patient.sex} />
          {age !== null && (
            <Fact label={t('patient.age')} value={t(`patient.ageIn.${age.unit}`, { count: age.count })} />
          )}
          <Fact label={t('patient.mrn')} value={patient.mrn} isPhi />
          <Fact label={t('patient.accession')} value={accession} isPhi />
          <PatientAlerts patient={patient} />
        </div>
        {exam && <div className={classes.exam}>{describeExam(exam, t)}</div>}
      </div>
      {children && <div className={classes.trailing}>{children}</div>}
    </section>
  );
}

type AlertsProps = {
  readonly patient: PatientCard;
  /** For rows: the shortest words that are still plain. */
  readonly brief?: boolean;
};

/** The alerts about who a patient is; empty when there is nothing in doubt. */
export function PatientAlerts({ patient, brief = false }: AlertsProps): ReactNode {
  const t = useWords();
  return (
    <>
      {patient.nameAlert && (
        <span className={classes.alert} title={t('patient.nameAlertMeans')}>
          {t('patient.nameAlert')}
        </span>
      )}
      {patient.underInvestigation && (
        <span className={classes.alert} data-grave title={t('patient.underInvestigationMeans')}>
          {t(brief ? 'patient.underInvestigationBrief' : 'patient.underInvestigation')}
        </span>
      )}
    </>
  );
}

/** An exam in one line: modality, description, side, date and time. */
function describeExam(exam: WorklistRow['exam'], t: TFunction): string {
  const when = [formatDicomDate(exam.dateRaw), formatDicomTime(exam.timeRaw)].filter(Boolean).join(' ');
  return [exam.modality, exam.description ?? exam.bodyPart, sideOf(exam.laterality, t), when]
    .filter(Boolean)
    .join(' · ');
}

type FactProps = { readonly label: string; readonly value: string | null; readonly isPhi?: boolean };

function Fact({ label, value, isPhi = false }: FactProps): ReactNode {
  const t = useWords();
  return (
    <span className={classes.fact}>
      <span className={classes.label}>{label}</span>
      <span className={value ? undefined : classes.missing} data-phi={isPhi || undefined}>
        {value || t('patient.missing')}
      </span>
    </span>
  );
}
