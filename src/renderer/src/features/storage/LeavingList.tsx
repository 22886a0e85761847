import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { EvictionCause } from '../../../../shared/contract/keeping.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { formatBytes } from '../../ui/bytes.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { HoldButton } from './HoldButton.tsx';
import { Section } from '../../ui/Section.tsx';
import { StudyLink } from './StudyLink.tsx';
import { useLeaving } from './use-storage.ts';

const TRACKS = ['160px', '90px', '120px', '90px', '1fr', '90px'] as const;

/** Studies older than the cache's policy, oldest first: which go, which do not, and why. */
export function LeavingList({ because }: { readonly because: EvictionCause | null }): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const leaving = useLeaving();
  const columns = (['since', 'study', 'intent', 'images', 'size', 'verdict', 'actions'] as const).map((one) =>
    t(`column.${one}`),
  );
  return (
    <Section
      title={t('leaving.title')}
      actions={
        <Button size="xs" variant="default" loading={leaving.isAsking} onClick={leaving.askAgain}>
          {t('lookAgain')}
        </Button>
      }
    >
      <p className={page.quiet}>{t(because === null ? 'leaving.notNow' : 'leaving.now')}</p>
      <Answered answer={leaving} failed={t('leaving.failed')} skeleton={<TableSkeleton columns={TRACKS} rows={5} />}>
        {(pages) => {
          const studies = pages.flatMap((one) => one.studies);
          if (studies.length === 0) return <p className={page.quiet}>{t('leaving.empty')}</p>;
          return (
            <DataTable label={t('leaving.title')} columns={columns}>
              {studies.map(({ studyId, modality, intent, keptSinceMs, images, bytes, verdict }) => (
                <tr key={studyId}>
                  <td data-number>{formatMoment(keptSinceMs, zone)}</td>
                  <td>
                    <StudyLink studyId={studyId} modality={modality} />
                  </td>
                  <td>{t(`app:intent.${intent}`)}</td>
                  <td data-number>{images}</td>
                  <td data-number>{formatBytes(bytes)}</td>
                  <td className={verdict === 'goes' ? undefined : page.quiet}>{t(`leaving.verdict.${verdict}`)}</td>
                  <td>{verdict !== 'held' && <HoldButton studyId={studyId} modality={modality} />}</td>
                </tr>
              ))}
            </DataTable>
          );
        }}
      </Answered>
      {leaving.fetchMore !== null && (
        <div>
          <Button size="xs" variant="default" onClick={leaving.fetchMore}>
            {t('app:list.more')}
          </Button>
        </div>
      )}
    </Section>
  );
}
