import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExposureRecord, ModelDetail } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { actorName } from './actor-name.ts';
import classes from './models.module.css';
import { useHistory } from './use-models.ts';

/** Every step on record, the newest first, with who took it and why. */
export function HistoryTable({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  return (
    <Answered
      answer={useHistory(model.digest)}
      failed={t('history.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '2fr']} rows={4} />}
    >
      {(records) =>
        records.length === 0 ? (
          <p className={page.quiet}>{t('history.none')}</p>
        ) : (
          <DataTable
            label={t('history.title')}
            columns={(['at', 'what', 'by', 'why'] as const).map((one) => t(`history.column.${one}`))}
          >
            {records.map((record) => (
              <RecordRow key={record.stepId} record={record} />
            ))}
          </DataTable>
        )
      }
    </Answered>
  );
}

function RecordRow({ record }: { readonly record: ExposureRecord }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  return (
    <tr>
      <td data-number>{formatMoment(record.atMs, zone)}</td>
      <td>
        {t('history.fromTo', { from: t(`stage.${record.from}`), to: t(`stage.${record.to}`) })}
        <div className={classes.dim}>{t(`history.cause.${record.cause}`)}</div>
      </td>
      <td>{actorName(record.by) ?? '–'}</td>
      <td className={classes.model}>
        {record.by.kind === 'service' && record.reason === 'drift' ? t('history.drift') : (record.reason ?? '–')}
      </td>
    </tr>
  );
}
