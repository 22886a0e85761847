import { IconPhotoExclamation } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { QualityRemark } from '../../../../shared/contract/studies.ts';
import { failureOf } from '../../bridge/failure.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { formatMeasure } from '../../ui/measure-text.ts';
import { judgedText } from './judged-by.ts';
import type { JumpTarget } from './jump-target.ts';
import classes from './reading.module.css';

type Props = {
  readonly remarks: UseQueryResult<QualityRemark[]>;
  /** The number and description of a series, by its UID. */
  readonly seriesName: (seriesUid: string) => string | null;
  readonly onJump: (target: JumpTarget) => void;
};

/** What AI says of the images themselves, apart from its findings: nothing here is of the patient, and nothing here is a flag. */
export function QualityRemarks({ remarks, seriesName, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  if (remarks.isError)
    return (
      <IncidentNotice
        title={t('quality.failed')}
        failure={failureOf(remarks.error)}
        onRetry={() => void remarks.refetch()}
      />
    );
  const standing = (remarks.data ?? []).filter(({ isSuperseded }) => !isSuperseded);
  if (standing.length === 0) return null;
  return (
    <section className={classes.quality} aria-label={t('quality.heading')}>
      <h2 className={classes.heading}>{t('quality.heading')}</h2>
      <ul className={classes.plainList}>
        {standing.map((remark) => {
          const { remarkId, model, label, measurements, keyImage, seriesUid, runId, withdrawn } = remark;
          return (
            <li key={remarkId} className={classes.remark}>
              <IconPhotoExclamation size={16} aria-hidden className={classes.remarkIcon} />
              <div>
                {keyImage === null ? (
                  <strong>{label.display}</strong>
                ) : (
                  <button
                    type="button"
                    className={classes.remarkJump}
                    title={t('quality.jump')}
                    onClick={() => onJump({ seriesUid, keyImage, pixel: null, mask: null })}
                  >
                    {label.display}
                  </button>
                )}
                <div className={classes.numbers}>
                  <span>{judgedText(remark, 'remark', t)}</span>
                  {measurements.map(({ code, display, value, unit }) => (
                    <span key={code}>{`${display} ${formatMeasure(value, unit)}`}</span>
                  ))}
                  <span>{seriesName(seriesUid)}</span>
                </div>
                <div className={classes.origin}>
                  {[
                    t('ai.model', { name: model.name, version: model.version }),
                    model.clinicalUse === 'none' ? t('ai.notForClinicalUse') : null,
                    withdrawn === null ? null : t(`app:finding.withdrawn.${withdrawn}`),
                  ]
                    .filter((part) => part !== null)
                    .join(' · ')}
                </div>
                <Link className={classes.receipt} to="/runs/$runId" params={{ runId }}>
                  {t('runs.receiptOfFinding')}
                </Link>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
