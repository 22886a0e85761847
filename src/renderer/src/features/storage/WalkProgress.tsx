import { Progress } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ObjectWalk } from '../../../../shared/contract/objects.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatBytes } from '../../ui/bytes.ts';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';

/** How far a walk over all objects has come; `outOf`: how many there were the last time, 0 where that is not known. */
export function WalkProgress({ walk, outOf }: { readonly walk: ObjectWalk; readonly outOf: number }): ReactNode {
  const { t } = useTranslation('storage');
  const { zone } = useCurrentUser().site;
  const done = t('walk.done', { count: walk.objects, size: formatBytes(walk.bytes) });
  return (
    <div role="status" className={page.stack}>
      <Progress value={outOf === 0 ? 0 : Math.min(100, (100 * walk.objects) / outOf)} aria-label={t('walk.progress')} />
      <span className={page.quiet}>
        {outOf === 0 ? done : t('walk.of', { done, about: outOf })}
        {walk.faults > 0 && ` · ${t('scrub.faults', { count: walk.faults })}`} ·{' '}
        {t('walk.since', { at: formatMoment(walk.startedAtMs, zone) })}
      </span>
    </div>
  );
}
