import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ObjectsState } from '../../../../shared/contract/objects.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { formatBytes } from '../../ui/bytes.ts';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { DamagedList } from './DamagedList.tsx';
import { KeyCard } from './KeyCard.tsx';
import { Section } from '../../ui/Section.tsx';
import classes from './storage.module.css';
import { useObjects } from './use-storage.ts';
import { WalkProgress } from './WalkProgress.tsx';

/** Whether what is stored is sound, what is not and what becomes of it, and the keys it is sealed with. */
export function IntegrityTab(): ReactNode {
  const { t } = useTranslation('storage');
  return (
    <div className={page.sections}>
      <Answered
        answer={useObjects()}
        failed={t('scrub.failed')}
        skeleton={<TableSkeleton columns={['1fr', '1fr']} rows={6} />}
      >
        {(objects) => (
          <>
            <div className={classes.pair}>
              <ScrubCard objects={objects} />
              <KeyCard objects={objects} />
            </div>
            <DamagedList isReading={objects.verification !== null} />
          </>
        )}
      </Answered>
    </div>
  );
}

function ScrubCard({ objects }: { readonly objects: ObjectsState }): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const cache = useQueryClient();
  const verify = useMutation({
    mutationFn: () => client.objects.verify(),
    onSettled: () => cache.invalidateQueries({ queryKey: station.objects.key() }),
  });
  const { verification, lastVerification, isOfStation } = objects;
  return (
    <Section
      title={t('scrub.title')}
      actions={
        <Button
          size="xs"
          variant="default"
          loading={verify.isPending}
          disabled={!isOfStation || verification !== null}
          title={isOfStation ? undefined : t('refusal.main-site-only')}
          onClick={() => verify.mutate()}
        >
          {t('scrub.button')}
        </Button>
      }
    >
      <p className={page.quiet}>{t('scrub.text', { count: Math.round(objects.verifyEveryDays) })}</p>
      <RefusalText failure={verify.isError ? failureOf(verify.error) : null} t={t} />
      {verification !== null && <WalkProgress walk={verification} outOf={lastVerification?.objects ?? 0} />}
      <Facts
        facts={[
          [
            t('scrub.last'),
            lastVerification?.finishedAtMs == null
              ? t('scrub.never')
              : formatMoment(lastVerification.finishedAtMs, zone),
          ],
          ...(lastVerification === null
            ? []
            : [
                [
                  t('scrub.read'),
                  t('walk.done', { count: lastVerification.objects, size: formatBytes(lastVerification.bytes) }),
                ] as const,
                [t('scrub.found'), t('scrub.faults', { count: lastVerification.faults })] as const,
              ]),
          [
            t('scrub.damagedNow'),
            <span key="damaged" className={classes.state} data-tone={objects.damaged > 0 ? 'bad' : undefined}>
              {t('scrub.damaged', { count: objects.damaged })}
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
