import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import type { StudyTriage } from '../../../../shared/contract/triage.ts';
import { isOpenedAsItIs } from '../../../../shared/contract/worklist.ts';
import { answerOf } from '../../bridge/answer.ts';
import { station } from '../../bridge/queries.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Countdown } from '../../ui/Countdown.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment, formatSpan } from '../../ui/duration.ts';
import { Facts } from '../../ui/Facts.tsx';
import page from '../../ui/Page.module.css';
import { PatientHeader } from '../../ui/PatientHeader.tsx';
import { ReasonList } from '../../ui/ReasonList.tsx';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { UrgencyMark } from '../../ui/UrgencyMark.tsx';
import { DeclareUrgency } from './DeclareUrgency.tsx';
import { useStudyTriage } from './use-triage.ts';

/** Why one study stands where it does, who asked for what, and the way to say that it is more or less urgent. */
export function StudyTriagePage(): ReactNode {
  const { t } = useTranslation('triage');
  const { studyId } = useParams({ from: '/shell/triage/studies/$studyId' });
  const study = answerOf<StudyDetail>(useQuery(station.studies.get.queryOptions({ input: { studyId } })));
  const triage = useStudyTriage(studyId);
  const skeleton = <TableSkeleton columns={['1fr', '1fr', '1fr']} rows={8} />;
  return (
    <Answered answer={study} failed={t('study.failed')} skeleton={skeleton}>
      {({ row }) => (
        <div className={page.page}>
          <PatientHeader patient={row.patient} accession={row.accession} exam={row.exam} />
          <div className={page.sections}>
            <Answered answer={triage} failed={t('study.failed')} skeleton={skeleton}>
              {(data) => <Place triage={data} isOpened={isOpenedAsItIs(row)} />}
            </Answered>
          </div>
        </div>
      )}
    </Answered>
  );
}

function Place({ triage, isOpened }: { readonly triage: StudyTriage; readonly isOpened: boolean }): ReactNode {
  const { t } = useTranslation('triage');
  const { place, asks, complexity, waitedMs } = triage;
  return (
    <>
      <Section title={t('study.place')} actions={place !== null && <DeclareUrgency triage={triage} place={place} />}>
        {place === null ? (
          <p className={page.quiet}>{t('study.noPlace')}</p>
        ) : (
          <>
            <div className={page.actions}>
              <UrgencyMark level={place.level} standing={place.standing} />
              <span className={page.quiet}>{t(`app:serviceLevel.${place.serviceLevel}`)}</span>
              {!isOpened && place.openByAtMs !== null && <Countdown kind="open-by" dueAtMs={place.openByAtMs} />}
              {place.reportByAtMs !== null && <Countdown kind="report-by" dueAtMs={place.reportByAtMs} />}
            </div>
            {triage.opensFirst && <p className={page.quiet}>{t('study.opensFirst')}</p>}
            <ReasonList reasons={place.reasons} />
          </>
        )}
      </Section>
      <Section title={t('study.facts')}>
        <Facts
          facts={[
            [t('study.complexity'), t('study.complexityOf', { score: complexity.score, parts: partsText() })],
            [t('study.waited'), waitedMs === null ? t('study.waits') : formatSpan(waitedMs)],
            ...(place === null || place.limitAtMs === null || waitedMs !== null
              ? []
              : [[t('study.limit'), t('study.limitAt', { when: formatMoment(place.limitAtMs) })] as const]),
          ]}
        />
      </Section>
      {asks.length > 0 && (
        <Section title={t('study.asks')}>
          <DataTable
            label={t('study.asks')}
            columns={[t('column.when2'), t('column.class'), t('column.cause'), t('column.by'), t('column.why')]}
          >
            {asks.map(({ atMs, cause, by, level, said }) => (
              <tr key={`${atMs} ${cause} ${by}`}>
                <td data-number>{formatMoment(atMs)}</td>
                <td>{t(`app:urgency.${level}`)}</td>
                <td>{t(`cause.${cause}`)}</td>
                <td>{by ?? '–'}</td>
                <td>{said ?? '–'}</td>
              </tr>
            ))}
          </DataTable>
        </Section>
      )}
    </>
  );

  function partsText(): string {
    return complexity.parts.map(({ of, count, points }) => t(`study.part.${of}`, { count, points })).join(', ');
  }
}
