import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunDetail } from '../../../../shared/contract/runs.ts';
import type { Receipt } from '../../../../shared/domain/receipt.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatScore } from '../../ui/measure-text.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';

type Props = { readonly run: RunDetail; readonly receipt: Receipt };

/** What the model gave, what was flagged of it and from where; a run without a flag is told as not flagged, never as more. */
export function WhatCameOut({ run, receipt }: Props): ReactNode {
  const { t } = useTranslation('runs');
  const { findings, outputs, operatingPoint } = receipt;
  if (receipt.outcome === 'failed')
    return (
      <Section title={t('section.out')}>
        <p className={page.warn}>{t('noOutputs')}</p>
      </Section>
    );
  return (
    <Section title={t('section.out')}>
      <p>{findings.length === 0 ? t('notFlagged') : t('flagged', { count: findings.length })}</p>
      {findings.map(({ findingId, code, score, threshold }) => (
        <p key={findingId} className={page.quiet}>
          {t('finding', { code, score: formatScore(score), threshold: formatScore(threshold) })}
        </p>
      ))}
      <p className={page.quiet}>
        {operatingPoint
          .map((label) =>
            typeof label['flagFrom'] === 'number'
              ? t('threshold', { label: label.id, from: formatScore(label['flagFrom']) })
              : t('thresholdNever', { label: label.id }),
          )
          .join(' · ')}
      </p>
      <DataTable label={t('section.out')} columns={[t('output'), t('value')]}>
        {outputs.map((output) => (
          <tr key={output.tensor}>
            <td>{output.tensor}</td>
            <td data-number>
              {Number(output.value.toPrecision(6))}
              {typeof output['unit'] === 'string' && ` ${output['unit']}`}
            </td>
          </tr>
        ))}
      </DataTable>
      <RawOutputs run={run} receipt={receipt} />
    </Section>
  );
}

function RawOutputs({ run: { kept }, receipt: { raw } }: Props): ReactNode {
  const { t } = useTranslation('runs');
  if (raw === null) return null;
  const state = raw.policy === 'none' ? 'none' : kept.numbers ? 'kept' : 'letGo';
  return (
    <p className={page.quiet}>
      {t('fact.raw')}: {t(`raw.${state}`, { numbers: raw.numbers })}
      {kept.tensors.length > 0 && `, ${t('raw.tensors', { count: kept.tensors.length })}`}
    </p>
  );
}
