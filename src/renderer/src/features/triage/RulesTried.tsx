import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RulesPreview } from '../../../../shared/contract/triage.ts';
import type { TriageRules } from '../../../../shared/domain/triage-rule.ts';
import { URGENCY_LEVELS } from '../../../../shared/domain/urgency.ts';
import { type Answer, answerOf } from '../../bridge/answer.ts';
import { station } from '../../bridge/queries.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { ReplayUnder } from './ReplayUnder.tsx';
import classes from './triage.module.css';

/** What these rules would make of the last studies, held against those in force; asked for once, for each look stands on record. */
export function RulesTried({ rules }: { readonly rules: TriageRules }): ReactNode {
  const { t } = useTranslation('triage');
  const answer: Answer<RulesPreview> = answerOf(
    useQuery({
      ...station.triage.previewRules.queryOptions({ input: { rules } }),
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
    }),
  );
  return (
    <Answered
      answer={answer}
      failed={t('tried.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr']} rows={4} />}
    >
      {(preview) => <Tried preview={preview} rules={rules} />}
    </Answered>
  );
}

function Tried({ preview, rules }: { readonly preview: RulesPreview; readonly rules: TriageRules }): ReactNode {
  const { t } = useTranslation('triage');
  const { studies, before, after, changes, changed } = preview;
  const nameOf = (id: string) => rules.find((rule) => rule.id === id)?.name ?? id;
  if (studies === 0) return <p className={page.quiet}>{t('tried.nothing')}</p>;
  return (
    <section className={page.stack} aria-label={t('tried.title')}>
      <h3 className={page.heading}>{t('tried.title')}</h3>
      <p>{t('tried.text', { studies, count: changes })}</p>
      <div className={classes.pair}>
        <DataTable label={t('tried.classes')} columns={[t('column.class'), t('column.now'), t('column.then')]}>
          {URGENCY_LEVELS.map((level) => (
            <tr key={level}>
              <td>{t(`app:urgency.${level}`)}</td>
              <td data-number>{before[level]}</td>
              <td data-number>{after[level]}</td>
            </tr>
          ))}
        </DataTable>
        <DataTable
          label={t('tried.byRule')}
          columns={[t('column.rule'), t('column.holds'), t('column.valueMissing'), t('column.failed')]}
        >
          {preview.rules.map(({ id, holds, valueMissing, failed }) => (
            <tr key={id}>
              <td>{nameOf(id)}</td>
              <td data-number>{holds}</td>
              <td data-number>{valueMissing}</td>
              <td data-number>{failed}</td>
            </tr>
          ))}
        </DataTable>
      </div>
      {changed.length > 0 && (
        <DataTable
          label={t('tried.studies')}
          columns={[t('column.study'), t('column.received'), t('column.now'), t('column.then'), t('column.because')]}
        >
          {changed.map(({ studyId, modality, description, receivedAtMs, before: was, after: becomes, reasons }) => (
            <tr key={studyId}>
              <td>
                <Link to="/triage/studies/$studyId" params={{ studyId }}>
                  {[modality, description].filter(Boolean).join(' · ')}
                </Link>
              </td>
              <td data-number>{formatMoment(receivedAtMs)}</td>
              <td>{t(`app:urgency.${was}`)}</td>
              <td>{t(`app:urgency.${becomes}`)}</td>
              <td>
                {reasons.map(({ rule, values }) => (
                  <span key={rule} className={page.facts}>
                    {rule}: {values}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </DataTable>
      )}
      <ReplayUnder key={JSON.stringify(rules)} rules={rules} />
    </section>
  );
}
