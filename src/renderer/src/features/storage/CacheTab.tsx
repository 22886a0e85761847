import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CacheStatus } from '../../../../shared/contract/keeping.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { formatBytes } from '../../ui/bytes.ts';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { DiskGauge } from './DiskGauge.tsx';
import { HoldList } from './HoldList.tsx';
import { LeavingList } from './LeavingList.tsx';
import { Section } from '../../ui/Section.tsx';
import classes from './storage.module.css';
import { useCache } from './use-storage.ts';

/** Room on the disk, what the cache holds and lets go, and who keeps what here. */
export function CacheTab(): ReactNode {
  const { t } = useTranslation('storage');
  return (
    <div className={page.sections}>
      <Answered
        answer={useCache()}
        failed={t('cache.failed')}
        skeleton={<TableSkeleton columns={['1fr', '1fr']} rows={6} />}
      >
        {(cache) => (
          <>
            <div className={classes.pair}>
              <DiskGauge disk={cache.disk} />
              <CacheCard cache={cache} />
            </div>
            {cache.policy !== null && <LeavingList because={cache.because} />}
            <HoldList />
          </>
        )}
      </Answered>
    </div>
  );
}

function CacheCard({ cache }: { readonly cache: CacheStatus }): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const { policy, because, lastRun } = cache;
  const share = policy?.maxBytes == null ? null : Math.round((100 * cache.bytes) / policy.maxBytes);
  return (
    <Section title={t('cache.title')}>
      <p className={page.quiet}>
        {policy === null
          ? t('cache.noPolicy')
          : t(policy.maxBytes === null ? 'cache.byAge' : 'cache.bySize', {
              count: policy.keepDays,
              most: formatBytes(policy.maxBytes ?? 0),
            })}
      </p>
      <Facts
        facts={[
          [t('cache.holds'), t('cache.holdsText', { size: formatBytes(cache.bytes), count: cache.studies })],
          ...(share === null ? [] : [[t('cache.share'), t('cache.percent', { share })] as const]),
          [t('cache.evicted'), t('cache.studies', { count: cache.evicted })],
          ...(policy === null
            ? []
            : [
                [t('cache.now'), t(`cache.because.${because ?? 'nothing'}`)] as const,
                [
                  t('cache.lastRun'),
                  lastRun === null
                    ? t('cache.neverRun')
                    : t('cache.lastRunText', {
                        at: formatMoment(lastRun.atMs, zone),
                        size: formatBytes(lastRun.bytes),
                        count: lastRun.studies,
                      }),
                ] as const,
              ]),
        ]}
      />
    </Section>
  );
}
