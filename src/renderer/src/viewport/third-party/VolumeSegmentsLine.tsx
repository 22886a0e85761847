import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './ThirdParty.module.css';
import { SegmentWords } from './ThirdPartyLine.tsx';
import type { VolumeSegments } from './use-volume-segments.ts';

type Props = { readonly segments: VolumeSegments; readonly isThin: boolean };

/** Says of planes through a volume whose segments are drawn on them, and what of others is not drawn on planes. */
export function VolumeSegmentsLine({ segments, isThin }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { all, drawn, state, failed } = segments;
  const isOnImages = !all.isHidden && (all.applied !== null || all.reports.size > 0);
  if (drawn.length === 0 && !isOnImages && !all.isHidden) return null;
  return (
    <span className={classes.line} data-others>
      {state === 'drawn' && drawn.map((one) => <SegmentWords key={one.segmentation.id} drawn={one} image={null} />)}
      {state === 'loading' && <span>{t('others.mprLoading')}</span>}
      {state === 'too-large' && <strong>{t('others.mprTooLarge')}</strong>}
      {drawn.length > 0 && !isThin && <strong>{t('others.mprNoSlab')}</strong>}
      {failed > 0 && <strong>{t('others.segmentsFailed', { count: failed })}</strong>}
      {isOnImages && <span>{t('others.mprOnlySegments')}</span>}
      {all.isHidden && <strong>{t('others.hidden')}</strong>}
    </span>
  );
}
