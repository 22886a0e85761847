import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FiledAgain, QuarantineDetail } from '../../../../shared/contract/quarantine.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatMoment } from '../../ui/duration.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { ComparedAttributes } from './ComparedAttributes.tsx';
import page from '../../ui/Page.module.css';
import classes from './QuarantinePage.module.css';
import { SettleDialog } from './SettleDialog.tsx';
import { actionsFor, type SettleAction } from './settle-actions.ts';

type Props = {
  readonly quarantineId: string;
  readonly zone: string;
  /** False once it left the list: somebody may have settled it. */
  readonly isListed: boolean;
};

/** One object set aside: why and from whom, what it says beside what is stored, and what a person may do with it. */
export function QuarantinedObject({ quarantineId, zone, isListed }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const object = useQuery(
    station.quarantine.get.queryOptions({ input: { quarantineId }, staleTime: Number.POSITIVE_INFINITY, gcTime: 0 }),
  );
  const { refetch } = object;
  useEffect(() => {
    if (!isListed) void refetch();
  }, [isListed, refetch]);
  if (object.data === undefined && object.isError) {
    const retry = () => void refetch();
    return <IncidentNotice title={t('quarantine.detailFailed')} failure={failureOf(object.error)} onRetry={retry} />;
  }
  if (object.data === undefined) return <TableSkeleton columns={['1fr', '1fr', '1fr']} rowHeight={24} rows={16} />;
  return <ReadObject object={object.data} zone={zone} />;
}

function ReadObject({ object, zone }: { readonly object: QuarantineDetail; readonly zone: string }): ReactNode {
  const { t } = useTranslation('corrections');
  const cache = useQueryClient();
  const { permissions } = useCurrentUser();
  const [asked, setAsked] = useState<SettleAction | null>(null);
  const [outcome, setOutcome] = useState<FiledAgain | null>(null);
  const maySettle = permissions.includes('quarantine.settle');
  const { study, standsIn, settledAtMs } = object;
  return (
    <div className={page.stack}>
      <h2 className={page.title}>{t(`app:quarantine.${object.reason}`)}</h2>
      <div className={page.quiet}>
        {formatMoment(object.receivedAtMs, zone)} · {object.peer?.aeTitle ?? t('quarantine.unknownSender')} ·{' '}
        {t('quarantine.size', { kilobytes: Math.ceil(object.sizeBytes / 1024) })}
        {object.sopUid !== null && <div>{object.sopUid}</div>}
        {settledAtMs !== null && (
          <div>
            {t('quarantine.settled', {
              who: object.settledBy,
              at: formatMoment(settledAtMs, zone),
              because: t([`app:code.reason.${object.settledBecause}`, `quarantine.release.${object.settledBecause}`], {
                defaultValue: object.settledBecause ?? '',
              }),
            })}
          </div>
        )}
      </div>
      <div className={classes.faces}>
        {standsIn !== null && <StudyFaceCard study={standsIn} title={t('quarantine.standsIn')} />}
        {study !== null && study.studyId !== standsIn?.studyId && (
          <StudyFaceCard study={study} title={t('quarantine.would')} />
        )}
      </div>
      {standsIn !== null && !object.isCurrentHere && <p role="note">{t('quarantine.currentAway')}</p>}
      <div className={page.actions}>
        {maySettle ? (
          actionsFor(object).map((action) => (
            <Button
              key={action.kind === 'release' ? action.release : action.kind}
              size="xs"
              variant={action.kind === 'retry' ? 'filled' : 'default'}
              onClick={() => setAsked(action)}
            >
              {t(action.kind === 'release' ? `quarantine.release.${action.release}` : `quarantine.${action.kind}`)}
            </Button>
          ))
        ) : (
          <span className={page.quiet}>{t('quarantine.mayNot')}</span>
        )}
        <Button size="xs" variant="default" component="a" href={object.fileHref} download>
          {t('quarantine.export')}
        </Button>
      </div>
      {maySettle && object.heldAlike > 1 && (
        <p className={page.warn}>{t('quarantine.all.held', { count: object.heldAlike })}</p>
      )}
      <div role="status">
        {outcome?.outcome === 'filed' && t('quarantine.filed')}
        {outcome?.outcome === 'still-held' &&
          t('quarantine.still-held', { reason: t(`app:quarantine.${outcome.reason}`) })}
      </div>
      {object.isReadable ? (
        <ComparedAttributes attributes={object.attributes} hasOther={standsIn !== null} />
      ) : (
        <p className={page.quiet}>{t('quarantine.unreadable')}</p>
      )}
      {asked !== null && (
        <SettleDialog
          object={object}
          action={asked}
          onClose={() => setAsked(null)}
          onSettled={(settled) => {
            setAsked(null);
            setOutcome(settled);
            void cache.invalidateQueries({ queryKey: station.quarantine.key() });
          }}
        />
      )}
    </div>
  );
}
