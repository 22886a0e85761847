import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../shared/contract/studies.ts';
import classes from './ImageViewport.module.css';
import type { StackViewState } from './stack-view.ts';
import type { Masks } from './use-masks.ts';

type Props = {
  /** Findings with marks on this series. */
  readonly findings: readonly Finding[];
  readonly masks: Masks;
  readonly hidden: boolean;
  readonly shown: StackViewState;
};

/** Names the AI behind what is drawn, or says that it is hidden, did not come, or does not fit the image. */
export function AiLine({ findings, masks, hidden, shown }: Props): ReactNode {
  const { t } = useTranslation('reading');
  if (findings.length === 0) return null;
  if (hidden) return <span className={classes.ai}>{t('ai.hidden')}</span>;
  return (
    <span className={classes.ai}>
      {findings.map((finding) => {
        const mask = masks.get(finding.findingId);
        return (
          <span key={finding.findingId}>
            {[
              t('ai.model', { name: finding.model.name, version: finding.model.version }),
              t(`ai.findingState.${finding.state}`),
              finding.model.clinicalUse === 'none' ? t('ai.notForClinicalUse') : null,
              mask === 'failed' ? t('ai.marksFailed') : null,
              mask !== undefined && mask !== 'failed' && !fits(mask, shown) ? t('ai.marksDoNotFit') : null,
            ]
              .filter((part) => part !== null)
              .join(' · ')}
          </span>
        );
      })}
    </span>
  );
}

function fits(
  mask: { readonly rows: number; readonly columns: number; readonly slices: ReadonlyMap<string, unknown> },
  shown: StackViewState,
): boolean {
  const { image } = shown;
  if (image === null || !mask.slices.has(image.sopUid)) return true;
  return mask.rows === image.rows && mask.columns === image.columns;
}
