import { type ReactNode, useEffect } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { isOpenedAsItIs, type WorklistQuestion, type WorklistRow } from '../../../../shared/contract/worklist.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatDicomDate, formatDicomTime } from '../../ui/dicom-date.ts';
import { formatMoment } from '../../ui/duration.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import { sideOf } from '../../ui/side.ts';
import { useIsListWhole } from './NotWholeNotice.tsx';
import classes from './DowntimeList.module.css';

type Props = {
  readonly rows: readonly WorklistRow[];
  /** Of a search that finds more than are printed, null. */
  readonly total: number | null;
  readonly atMs: number;
  readonly question: WorklistQuestion;
  readonly text: string;
  readonly onClose: () => void;
};

/**
 * The list on paper, for when the network or the station is down: whose studies wait, since when and until when, with room
 * to write. It says who printed it, when, and that it ages. Printing begins at once; afterwards nothing of it stays.
 */
export function DowntimeList({ rows, total, atMs, question, text, onClose }: Props): ReactNode {
  const { t } = useTranslation();
  const { site, displayName } = useCurrentUser();
  const isListWhole = useIsListWhole();
  useEffect(() => {
    window.addEventListener('afterprint', onClose);
    // Drawn first: what is printed is what stands on the page.
    const timer = setTimeout(() => window.print(), 50);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('afterprint', onClose);
    };
  }, [onClose]);
  const narrowed = Object.keys(question.narrowed).map((name) => t(`worklist.narrow.${name}`));
  const whole = total === null ? 'first' : rows.length < total ? 'partly' : 'rows';
  return createPortal(
    <div className={classes.paper} data-paper>
      <h1>{t('worklist.paper.title', { site: site.name })}</h1>
      <p>{t('worklist.paper.printed', { name: displayName, time: formatMoment(atMs, site.zone) })}</p>
      <p>
        {[
          t(`worklist.filter.${question.filter}`),
          ...narrowed,
          ...(text === '' ? [] : [t('worklist.paper.search', { text })]),
          t(`worklist.paper.${whole}`, { rows: rows.length, total }),
        ].join(' · ')}
      </p>
      {!isListWhole && (
        <p>
          <strong>{t('worklist.notWhole')}</strong>
        </p>
      )}
      <table>
        <thead>
          <tr>
            {PAPER_COLUMNS.map((name) => (
              <th key={name}>{t(`worklist.paper.column.${name}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.studyId}>
              <td>
                {t(`urgency.${row.urgency.level}`)}
                <br />
                {row.urgency.standing === 'ordinary' ? '' : t(`urgency.standing.${row.urgency.standing}`)}
              </td>
              <td>
                {row.openByAtMs === null || isOpenedAsItIs(row) ? '' : formatMoment(row.openByAtMs, site.zone)}
                <br />
                {row.reportByAtMs === null ? '' : formatMoment(row.reportByAtMs, site.zone)}
              </td>
              <td>
                <strong>{formatPersonName(row.patient.name) ?? t('patient.noName')}</strong>
                {row.patient.nameAlert && ` · ${t('patient.nameAlert')}`}
                {row.patient.underInvestigation && ` · ${t('patient.underInvestigation')}`}
                <br />
                {[
                  formatDicomDate(row.patient.birthDateRaw) ?? t('patient.missing'),
                  row.patient.sex,
                  row.patient.mrn ?? t('patient.noMrn'),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </td>
              <td>{row.accession ?? '–'}</td>
              <td>
                {row.exam.description ?? row.exam.bodyPart ?? ''}
                <br />
                {[
                  row.exam.modality,
                  sideOf(row.exam.laterality, t),
                  formatDicomDate(row.exam.dateRaw),
                  formatDicomTime(row.exam.timeRaw),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </td>
              <td>
                {row.images.received}
                {row.images.expected === null ? '' : ` / ${row.images.expected}`}
                <br />
                {t(`code.completeness.${row.images.completeness}`)}
              </td>
              <td>
                {t(`report.${row.report}`)}
                <br />
                {row.openedBy?.displayName ?? ''}
                {row.openAgain.map((why) => (
                  <strong key={why}> · {t(`openAgain.${why}`)}</strong>
                ))}
              </td>
              <td className={classes.room} aria-label={t('worklist.paper.column.notes')} />
            </tr>
          ))}
        </tbody>
      </table>
      <p>{t('worklist.paper.ages')}</p>
    </div>,
    document.body,
  );
}

const PAPER_COLUMNS = ['urgency', 'due', 'patient', 'accession', 'exam', 'images', 'report', 'notes'] as const;
