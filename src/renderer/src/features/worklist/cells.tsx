import type { ReactNode } from 'react';
import { isOpenedAsItIs, type WorklistRow } from '../../../../shared/contract/worklist.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { AiState } from '../../ui/AiState.tsx';
import { Countdown } from '../../ui/Countdown.tsx';
import { markText } from '../../ui/completeness-text.ts';
import { stationNow, useNow } from '../../ui/clock.ts';
import { ageOn, dicomDayOf, formatDicomDate, formatDicomTime } from '../../ui/dicom-date.ts';
import { formatSpan, formatTimeOfDay } from '../../ui/duration.ts';
import { PatientAlerts } from '../../ui/PatientHeader.tsx';
import { patientColour } from '../../ui/patient-colour.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import { sideOf } from '../../ui/side.ts';
import { UrgencyMark } from '../../ui/UrgencyMark.tsx';
import classes from './WorklistTable.module.css';
import { useWords } from '../../ui/words.ts';

type Props = { readonly row: WorklistRow };

function TwoLines({ first, second }: { readonly first: ReactNode; readonly second: ReactNode }): ReactNode {
  return (
    <>
      <span className={classes.first}>{first}</span>
      <span className={classes.second}>{second}</span>
    </>
  );
}

export function UrgencyCell({ row }: Props): ReactNode {
  const t = useWords();
  const { level, standing } = row.urgency;
  const under = [
    standing === 'ordinary' ? null : t(`urgency.standing.${standing}`),
    row.orderPriority,
    row.intent === 'new' ? null : t(`intent.${row.intent}`),
  ];
  return (
    <TwoLines
      first={<UrgencyMark level={level} standing={standing} wordOnly />}
      second={under.filter(Boolean).join(' · ')}
    />
  );
}

/** The clocks that run: open-by until a reader opened it as it is, report-by until it is reported. */
export function DueCell({ row }: Props): ReactNode {
  if (row.report === 'final' || row.report === 'addended') return null;
  return (
    <span className={classes.clocks}>
      {!isOpenedAsItIs(row) && row.openByAtMs !== null && <Countdown kind="open-by" dueAtMs={row.openByAtMs} dense />}
      {row.reportByAtMs !== null && <Countdown kind="report-by" dueAtMs={row.reportByAtMs} dense />}
    </span>
  );
}

export function WaitedCell({ row }: Props): ReactNode {
  return <span className={classes.waited}>{formatSpan(useNow() - (row.completeAtMs ?? row.receivedAtMs))}</span>;
}

export function PatientCell({ row }: Props): ReactNode {
  const t = useWords();
  const { patient } = row;
  const name = formatPersonName(patient.name) ?? t('patient.noName');
  const age = ageOn(patient.birthDateRaw, row.exam.dateRaw ?? dicomDayOf(stationNow()));
  const facts = [
    age === null ? null : t(`patient.ageIn.${age.unit}`, { count: age.count }),
    patient.sex,
    patient.mrn ?? t('patient.noMrn'),
  ];
  return (
    <span className={classes.patient}>
      <span className={classes.stripe} style={{ background: patientColour(patient.patientId) }} aria-hidden />
      <span className={classes.patientLines}>
        <TwoLines
          first={
            <span className={classes.name} title={name} data-phi>
              {name}
            </span>
          }
          second={
            <>
              <span className={classes.facts} title={patient.mrn ?? undefined} data-phi>
                {facts.filter(Boolean).join(' · ')}
              </span>
              <PatientAlerts patient={patient} brief />
            </>
          }
        />
      </span>
    </span>
  );
}

export function AccessionCell({ row }: Props): ReactNode {
  return (
    <span className={`${classes.number} ${classes.stack} wt-ellipsis`} title={row.accession ?? undefined} data-phi>
      {row.accession ?? '–'}
    </span>
  );
}

export function ExamCell({ row }: Props): ReactNode {
  const t = useWords();
  const { exam } = row;
  const under = [exam.modality, exam.description === null ? null : exam.bodyPart, sideOf(exam.laterality, t)];
  const said = exam.description ?? exam.bodyPart ?? exam.modality;
  return <TwoLines first={<span title={said}>{said}</span>} second={under.filter(Boolean).join(' · ')} />;
}

export function DateCell({ row }: Props): ReactNode {
  const { exam } = row;
  return (
    <span className={classes.number}>
      <TwoLines first={formatDicomDate(exam.dateRaw) ?? '–'} second={formatDicomTime(exam.timeRaw)} />
    </span>
  );
}

/** How urgent who ordered it said it was, and where the patient waits as far as that is known; without an order it says so. */
export function OrderCell({ row }: Props): ReactNode {
  const t = useWords();
  const { orderPriority, serviceLevel } = row;
  return (
    <TwoLines
      first={orderPriority ?? <span className={classes.quiet}>{t('worklist.noOrder')}</span>}
      second={serviceLevel === null ? '' : t(`serviceLevel.${serviceLevel}`)}
    />
  );
}

export function ImagesCell({ row }: Props): ReactNode {
  const t = useWords();
  const { received, expected, completeness, marks } = row.images;
  const second = row.inPacs === 'no-destination' ? t(`code.completeness.${completeness}`) : t(`inPacs.${row.inPacs}`);
  return (
    <span
      className={classes.stack}
      title={[
        t(`completeness.${completeness}`),
        ...marks.map((mark) => markText(mark, t)),
        t(`inPacs.${row.inPacs}`),
      ].join(' · ')}
    >
      <TwoLines
        first={
          <span className={classes.number}>
            {expected === null ? received : `${received} / ${expected}`}
            {row.quarantined > 0 && (
              <span className={classes.aside}> {t('worklist.quarantined', { count: row.quarantined })}</span>
            )}
          </span>
        }
        second={second}
      />
    </span>
  );
}

export function AiCell({ row }: Props): ReactNode {
  return <AiState ai={row.ai} />;
}

export function PriorsCell({ row }: Props): ReactNode {
  return <span className={classes.number}>{row.priors === 0 ? '–' : row.priors}</span>;
}

/** For whom it is while it waits, oneself marked; how firmly stands under it. */
export function RoutedCell({ row }: Props): ReactNode {
  const t = useWords();
  const { userId } = useCurrentUser();
  const { routed } = row;
  if (routed === null) return <span className={classes.quiet}>–</span>;
  const isMe = routed.to?.userId === userId;
  const name = isMe ? t('worklist.routed.me') : (routed.to?.displayName ?? routed.group ?? t('worklist.routed.anyone'));
  return (
    <TwoLines
      first={
        <span title={name} className={isMe ? classes.mine : undefined}>
          {name}
        </span>
      }
      second={t(`worklist.routed.standing.${routed.standing}`)}
    />
  );
}

export function ReadingCell({ row }: Props): ReactNode {
  const t = useWords();
  const { zone } = useCurrentUser().site;
  const { openedBy, openAgain, report } = row;
  const by =
    openedBy && t('worklist.openedBy', { name: openedBy.displayName, time: formatTimeOfDay(openedBy.atMs, zone) });
  // What was reported is no less reported for being opened again.
  const reported = report === 'none' ? [] : [t(`report.${report}`)];
  if (by !== null && openAgain.length > 0)
    return (
      <span
        className={classes.stack}
        title={[...openAgain.map((why) => t(`openAgain.${why}`)), ...reported, by].join(' · ')}
      >
        <TwoLines
          first={<span className={classes.aside}>{t('openAgain.title')}</span>}
          second={[...reported, ...openAgain.map((why) => t(`openAgain.short.${why}`))].join(', ')}
        />
      </span>
    );
  return (
    <TwoLines
      first={report === 'none' ? <span className={classes.quiet}>{t('report.none')}</span> : t(`report.${report}`)}
      second={openedBy && <span title={by ?? undefined}>{openedBy.displayName}</span>}
    />
  );
}
