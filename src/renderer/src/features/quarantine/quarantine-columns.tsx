import type { TFunction } from 'i18next';
import type { QuarantineEntry } from '../../../../shared/contract/quarantine.ts';
import { formatMoment } from '../../ui/duration.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import type { RowColumn } from '../../ui/RowGrid.tsx';

/** When an object was set aside, why, from whom it came, and the study it would touch. */
export function quarantineColumns(t: TFunction<'corrections'>, zone: string): readonly RowColumn<QuarantineEntry>[] {
  return [
    {
      ...{ title: t('quarantine.received'), track: '140px', isQuiet: true },
      cell: ({ receivedAtMs }) => formatMoment(receivedAtMs, zone),
    },
    {
      ...{ title: t('quarantine.reason'), track: 'minmax(150px, 1fr)' },
      cell: ({ reason }) => t(`app:quarantine.${reason}`),
    },
    {
      ...{ title: t('quarantine.sender'), track: '100px' },
      cell: ({ peer }) => peer?.aeTitle ?? t('quarantine.unknownSender'),
    },
    {
      ...{ title: t('quarantine.study'), track: 'minmax(150px, 1fr)' },
      cell: ({ study }) =>
        study === null ? (
          t('quarantine.noStudy')
        ) : (
          <>
            <span data-phi>{formatPersonName(study.patientName)}</span>
            {study.description && ` · ${study.description}`}
          </>
        ),
    },
  ];
}
