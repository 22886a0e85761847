import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LabelReport, ModelDetail, Performance } from '../../../../shared/contract/models.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import classes from './models.module.css';
import { RateText } from './RateText.tsx';
import { useReport } from './use-models.ts';

type Props = {
  readonly model: ModelDetail;
  readonly acceptanceId: string;
  /** What may be done with the report as it stands. */
  readonly children: (reportDigest: string, isMet: boolean) => ReactNode;
};

/** An acceptance report: of each label how often it was right on the site's own studies, with intervals, and by scanner, sex and age. */
export function AcceptanceReportView({ model, acceptanceId, children }: Props): ReactNode {
  const { t } = useTranslation('models');
  return (
    <Answered
      answer={useReport(model.digest, acceptanceId)}
      failed={t('report.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '1fr']} rows={4} />}
    >
      {(report) => (
        <div className={page.stack}>
          <p>
            {t(report.isMet ? 'report.met' : 'report.notMet')}{' '}
            <span className={classes.dim}>{t('report.studies', { count: report.studies })}</span>
          </p>
          {report.labels.map((label) => (
            <LabelTable key={label.label} label={label} model={model} />
          ))}
          {report.notRun.length > 0 && (
            <p className={page.quiet}>
              {t('report.notRun', {
                reasons: report.notRun
                  .map(({ reason, studies }) => `${t([`app:ai.reason.${reason}`, 'report.otherReason'])} (${studies})`)
                  .join(', '),
              })}
            </p>
          )}
          {report.earlier > 0 && <p className={page.warn}>{t('report.earlier', { count: report.earlier })}</p>}
          {children(report.reportDigest, report.isMet)}
        </div>
      )}
    </Answered>
  );
}

function LabelTable({ label, model }: { readonly label: LabelReport; readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const name = model.labels.find(({ id }) => id === label.label)?.name ?? label.label;
  const strata = [
    ...label.byScanner.map((one) => ['scanner', one] as const),
    ...label.bySex.map((one) => ['sex', one] as const),
    ...label.byAge.map((one) => ['age', one] as const),
  ];
  return (
    <>
      <DataTable
        label={name}
        columns={[
          name,
          ...(['n', 'positives', 'sensitivity', 'ppv', 'specificity'] as const).map((one) => t(`report.column.${one}`)),
        ]}
      >
        <PerformanceRow name={t('report.all')} of={label} unmet={label.unmet} />
        {strata.map(([by, one]) => (
          <PerformanceRow
            key={`${by} ${one.name}`}
            name={t(`report.by.${by}`, { name: one.name || t('coverage.unnamed') })}
            of={one}
            unmet={[]}
          />
        ))}
      </DataTable>
      {label.unmet.length > 0 && (
        <p className={page.warn}>
          {t('report.unmet', { parts: label.unmet.map((part) => t(`report.part.${part}`)).join(', ') })}
        </p>
      )}
      {label.hasFewPositives && <p className={page.quiet}>{t('report.few')}</p>}
      <p className={page.quiet}>
        {t('report.truths', { without: label.withoutTruth, disputed: label.disputed, beside: label.truthBesideAi })}
      </p>
    </>
  );
}

function PerformanceRow(props: {
  readonly name: string;
  readonly of: Performance;
  readonly unmet: readonly string[];
}): ReactNode {
  const { name, of, unmet } = props;
  const tone = (part: string) => (unmet.includes(part) ? 'bad' : undefined);
  return (
    <tr>
      <td className={classes.model}>{name}</td>
      <td data-number className={classes.tone} data-tone={tone('n')}>
        {of.n}
      </td>
      <td data-number className={classes.tone} data-tone={tone('positives')}>
        {of.positives}
      </td>
      <td data-number className={classes.tone} data-tone={tone('sensitivity')}>
        <RateText rate={of.sensitivity} />
      </td>
      <td data-number className={classes.tone} data-tone={tone('ppv')}>
        <RateText rate={of.ppv} />
      </td>
      <td data-number>
        <RateText rate={of.specificity} />
      </td>
    </tr>
  );
}
