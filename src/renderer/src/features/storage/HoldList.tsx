import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyHold } from '../../../../shared/contract/keeping.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { Section } from '../../ui/Section.tsx';
import { StudyLink } from './StudyLink.tsx';
import { useHolds } from './use-storage.ts';

/** Studies that somebody keeps here; what a person holds, a person may let go. */
export function HoldList(): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const cache = useQueryClient();
  const release = useMutation({
    mutationFn: ({ studyId, holder }: StudyHold) => client.keeping.releaseHold({ studyId, holder }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.keeping.key() }),
  });
  return (
    <Section title={t('hold.title')}>
      <p className={page.quiet}>{t('hold.text')}</p>
      <RefusalText failure={release.isError ? failureOf(release.error) : null} t={t} />
      <Answered
        answer={useHolds()}
        failed={t('hold.failed')}
        skeleton={<TableSkeleton columns={['160px', '1fr', '1fr', '1fr', '90px']} rows={3} />}
      >
        {(holds) =>
          holds.length === 0 ? (
            <p className={page.quiet}>{t('hold.empty')}</p>
          ) : (
            <DataTable
              label={t('hold.title')}
              columns={(['since', 'study', 'by', 'because', 'actions'] as const).map((one) => t(`column.${one}`))}
            >
              {holds.map((hold) => (
                <tr key={`${hold.studyId} ${hold.holder}`}>
                  <td data-number>{formatMoment(hold.placedAtMs, zone)}</td>
                  <td>
                    <StudyLink studyId={hold.studyId} modality={hold.modality} />
                  </td>
                  <td>{hold.by ?? t('hold.station', { part: hold.holder })}</td>
                  <td>{t([`app:code.reason.${hold.reason}`, 'hold.other'], { reason: hold.reason })}</td>
                  <td>
                    {hold.by !== null && (
                      <Button
                        size="compact-xs"
                        variant="default"
                        loading={release.isPending && release.variables === hold}
                        onClick={() => release.mutate(hold)}
                      >
                        {t('hold.release')}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </DataTable>
          )
        }
      </Answered>
    </Section>
  );
}
