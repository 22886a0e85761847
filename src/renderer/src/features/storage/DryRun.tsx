import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RETENTION_VERDICTS, type RetentionWindow } from '../../../../shared/contract/keeping.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { HoldButton } from './HoldButton.tsx';
import { StudyLink } from './StudyLink.tsx';
import classes from './storage.module.css';
import type { Paged } from './use-storage.ts';

/** What the rules come to now, study by study: what would go, what stands in the way of the rest; nothing is changed. */
export function DryRun({ dryRun }: { readonly dryRun: Paged<RetentionWindow> }): ReactNode {
  const { t } = useTranslation('storage');
  return (
    <>
      <Answered
        answer={dryRun}
        failed={t('dryRun.failed')}
        skeleton={<TableSkeleton columns={['160px', '1fr', '1fr', '80px', '1fr', '90px']} rows={6} />}
      >
        {(pages) => <Found pages={pages} isWhole={pages.at(-1)?.next == null} askedAtMs={dryRun.askedAtMs} />}
      </Answered>
      {dryRun.fetchMore !== null && (
        <div>
          <Button size="xs" variant="default" onClick={dryRun.fetchMore}>
            {t('app:list.more')}
          </Button>
        </div>
      )}
    </>
  );
}

type FoundProps = {
  readonly pages: readonly RetentionWindow[];
  readonly isWhole: boolean;
  readonly askedAtMs: number;
};

function Found({ pages, isWhole, askedAtMs }: FoundProps): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const studies = pages.flatMap((one) => one.studies);
  const { discarded = 0, records = 0 } = pages[0] ?? {};
  const counts = Map.groupBy(studies, ({ verdict }) => verdict);
  const columns = ['received', 'study', 'rule', 'images', 'verdict', 'actions'] as const;
  return (
    <>
      <p className={page.quiet}>{t('dryRun.text', { at: formatMoment(askedAtMs, zone) })}</p>
      <div role="status">
        <ul className={classes.verdicts}>
          {RETENTION_VERDICTS.flatMap((verdict) => {
            const count = counts.get(verdict)?.length ?? 0;
            return count === 0 ? [] : [<li key={verdict}>{t(`dryRun.count.${verdict}`, { count })}</li>];
          })}
          {discarded > 0 && <li>{t('dryRun.discarded', { count: discarded })}</li>}
          {records > 0 && <li>{t('dryRun.records', { count: records })}</li>}
          {!isWhole && <li>{t('dryRun.notWhole')}</li>}
        </ul>
      </div>
      {studies.length === 0 ? (
        <p>{t('dryRun.empty')}</p>
      ) : (
        <DataTable label={t('dryRun.title')} columns={columns.map((one) => t(`column.${one}`))}>
          {studies.map(({ studyId, modality, intent, lastReceivedAtMs, rule, images, verdict }) => (
            <tr key={studyId}>
              <td data-number>{formatMoment(lastReceivedAtMs, zone)}</td>
              <td>
                <StudyLink studyId={studyId} modality={modality} />
                <span className={page.facts}>{t(`app:intent.${intent}`)}</span>
              </td>
              <td>{rule}</td>
              <td data-number>{images}</td>
              <td className={verdict === 'delete' ? page.bad : page.quiet}>{t(`dryRun.verdict.${verdict}`)}</td>
              <td>{verdict !== 'held' && <HoldButton studyId={studyId} modality={modality} />}</td>
            </tr>
          ))}
        </DataTable>
      )}
    </>
  );
}
