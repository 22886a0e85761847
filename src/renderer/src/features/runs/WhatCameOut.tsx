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
  const { findings, outputs, verdicts } = receipt;
  if (receipt.outcome === 'failed')
    return (
      <Section title={t('section.out')}>
        <p className={page.warn}>{t('noOutputs')}</p>
        {receipt.badOutput !== undefined && (
          <p className={page.quiet}>
            {t('badOutput', {
              tensor: receipt.badOutput.tensor,
              why: t(`badOutputWhy.${receipt.badOutput.why}`, { defaultValue: receipt.badOutput.why }),
            })}
          </p>
        )}
      </Section>
    );
  return (
    <Section title={t('section.out')}>
      <p>{findings.length === 0 ? t('notFlagged') : t('flagged', { count: findings.length })}</p>
      {findings.map(({ findingId, code, label, score, threshold }) => {
        const verdict = verdicts.find((one) => one.label === label);
        const told = { code, score: formatScore(score), threshold: formatScore(threshold) };
        return (
          <p key={findingId} className={page.quiet}>
            {verdict?.name !== undefined && `${verdict.name}, `}
            {t(verdict?.flagWhen === 'at-most' ? 'findingLow' : 'finding', told)}
          </p>
        );
      })}
      {verdicts.length === 0 && <Thresholds receipt={receipt} />}
      <Verdicts receipt={receipt} />
      <DataTable label={t('section.out')} columns={[t('output'), t('value')]}>
        {outputs.map((output, index) => (
          <tr key={index}>
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

/** From where labels were flagged, on receipts from before each label's verdict stood on them. */
function Thresholds({ receipt: { operatingPoint } }: Pick<Props, 'receipt'>): ReactNode {
  const { t } = useTranslation('runs');
  return (
    <p className={page.quiet}>
      {operatingPoint
        .map((label) =>
          typeof label['flagFrom'] === 'number'
            ? t('threshold', { label: label.id, from: formatScore(label['flagFrom']) })
            : t('thresholdNever', { label: label.id }),
        )
        .join(' · ')}
    </p>
  );
}

/** What each label came to against the thresholds of that moment; not flagged is never more than that. */
function Verdicts({ receipt: { verdicts } }: Pick<Props, 'receipt'>): ReactNode {
  const { t } = useTranslation('runs');
  if (verdicts.length === 0) return null;
  const number = (value: number | null) => (value === null ? t('noScore') : formatScore(value));
  const limit = (threshold: number | null, flagWhen: string | undefined) => {
    if (threshold === null) return t('never');
    return flagWhen === 'at-most' ? t('andBelow', { threshold: formatScore(threshold) }) : formatScore(threshold);
  };
  return (
    <DataTable label={t('verdicts')} columns={[t('label'), t('verdict'), t('score'), t('flagFrom')]}>
      {verdicts.map(({ label, name, state, score, threshold, flagWhen }) => (
        <tr key={label}>
          <td>
            {name ?? label}
            {name !== undefined && <div className={page.quiet}>{label}</div>}
          </td>
          <td>{t(`verdictState.${state}`, { defaultValue: state })}</td>
          <td data-number>{number(score)}</td>
          <td data-number>{limit(threshold, flagWhen)}</td>
        </tr>
      ))}
    </DataTable>
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
