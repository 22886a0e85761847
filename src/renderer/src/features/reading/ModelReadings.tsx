import { Skeleton, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelReading } from '../../../../shared/contract/runs.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import classes from './reading.module.css';

type Props = {
  readonly studyId: StudyId;
  /** The number and description of a series, by its UID. */
  readonly seriesName: (seriesUid: string) => string | null;
};

/** Which models read the study, why others did not, and which series were refused; asked for when somebody opens it. */
export function ModelReadings({ studyId, seriesName }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={classes.runs}>
      <UnstyledButton className={classes.runsToggle} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        {t('readings.heading')}
      </UnstyledButton>
      {isOpen && <Asked {...{ studyId, seriesName }} />}
    </div>
  );
}

function Asked({ studyId, seriesName }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const readings = useQuery(station.runs.models.queryOptions({ input: { studyId } }));
  if (readings.isPending) return <Skeleton height={48} mt={8} aria-label={t('readings.loading')} />;
  if (readings.isError)
    return (
      <IncidentNotice
        title={t('readings.failed')}
        failure={failureOf(readings.error)}
        onRetry={() => void readings.refetch()}
      />
    );
  return <ReadingList readings={readings.data} seriesName={seriesName} />;
}

/** What each model makes of the study, in words. */
export function ReadingList({
  readings,
  seriesName,
}: Pick<Props, 'seriesName'> & { readonly readings: readonly ModelReading[] }): ReactNode {
  const { t } = useTranslation('reading');
  if (readings.length === 0) return <p className={classes.reading}>{t('readings.none')}</p>;
  return (
    <ul className={classes.plainList}>
      {readings.map(({ model, state, reason, seriesUid, refused, refusedCount }) => (
        <li key={`${model.id} ${model.version}`} className={classes.reading}>
          <strong>{t('ai.model', { name: model.name, version: model.version })}</strong>
          <p>
            {t(`readings.state.${state}`)}
            {reason !== null && `: ${t(`readings.reason.${reason}`)}`}
            {state === 'read' && seriesUid !== null && `: ${seriesName(seriesUid) ?? seriesUid}`}
          </p>
          {refused.map((one) => (
            <p key={one.seriesUid} className={classes.refused}>
              {t('readings.refused', {
                series: seriesName(one.seriesUid) ?? one.seriesUid,
                reason: t(`runs:refusedBecause.${one.reason}`, { defaultValue: one.reason }),
              })}
            </p>
          ))}
          {refusedCount > refused.length && (
            <p className={classes.refused}>{t('readings.more', { count: refusedCount - refused.length })}</p>
          )}
        </li>
      ))}
    </ul>
  );
}
