import { IconAlertHexagon, IconClockPause, IconLoader2, IconMinus, IconPlugConnectedX } from '@tabler/icons-react';
import { Fragment, type ReactNode } from 'react';
import type { AiStatus } from '../../../shared/domain/ai-status.ts';
import classes from './AiState.module.css';
import { useNow } from './clock.ts';
import { formatDuration } from './duration.ts';
import { formatScore } from './measure-text.ts';
import { useWords } from './words.ts';

type Props = {
  readonly ai: AiStatus;
  /** Scores and model names are off in lists by default: they anchor a reader before the images do. */
  readonly showScores?: boolean;
  /** The model's declared use; `none` says so beside every flag. */
  readonly clinicalUse?: string;
};

/** What AI says of a study, always named as AI. No flag is grey: no tick, no green, and never a word that says all is well. */
export function AiState({ ai, showScores = false, clinicalUse }: Props): ReactNode {
  const t = useWords();
  return (
    <span className={classes.ai} data-state={ai.state}>
      <AiIcon state={ai.state} />
      <span className={classes.text}>
        <AiText ai={ai} showScores={showScores} />
        {ai.state === 'flagged' && clinicalUse === 'none' && (
          <span className={classes.use}> · {t('ai.notForClinicalUse')}</span>
        )}
      </span>
    </span>
  );
}

function AiText({ ai, showScores }: { readonly ai: AiStatus; readonly showScores: boolean }): ReactNode {
  const t = useWords();
  switch (ai.state) {
    case 'flagged':
      return ai.findings.map(({ decision, ...finding }, index) => {
        const said = showScores
          ? t('ai.flaggedWithScore', {
              finding: finding.display,
              score: formatScore(finding.score),
              model: finding.model,
            })
          : t('ai.flagged', { finding: finding.display });
        return (
          <Fragment key={index}>
            {index > 0 && '; '}
            {decision === 'rejected' ? <s>{said}</s> : said}
            {decision !== undefined && ` · ${t(`finding.${decision}`)}`}
          </Fragment>
        );
      });
    case 'running':
      return (
        <>
          {t('ai.running')} <Since atMs={ai.startedAtMs} />
        </>
      );
    case 'late':
      return (
        <>
          {t('ai.late')} {ai.startedAtMs !== null && <Since atMs={ai.startedAtMs} />}
        </>
      );
    case 'not-run':
      return t('ai.notRun', { reason: t(`ai.reason.${ai.reason}`) });
    case 'no-flag':
      return ai.readSeries < ai.eligibleSeries
        ? t('ai.noFlagOfSome', { read: ai.readSeries, eligible: ai.eligibleSeries })
        : t('ai.no-flag');
    case 'not-applicable':
      return t(`ai.notApplicable.${ai.reason}`);
    case 'awaiting-images':
    case 'no-model':
    case 'waiting':
      return t(`ai.${ai.state}`);
  }
}

function Since({ atMs }: { readonly atMs: number }): ReactNode {
  return <span className={classes.since}>{formatDuration(useNow() - atMs)}</span>;
}

function AiIcon({ state }: { readonly state: AiStatus['state'] }): ReactNode {
  switch (state) {
    case 'flagged':
      return <IconAlertHexagon size={15} aria-hidden />;
    case 'running':
      return <IconLoader2 size={15} aria-hidden />;
    case 'late':
    case 'waiting':
    case 'awaiting-images':
      return <IconClockPause size={15} aria-hidden />;
    case 'not-run':
      return <IconPlugConnectedX size={15} aria-hidden />;
    case 'no-flag':
    case 'no-model':
    case 'not-applicable':
      return <IconMinus size={15} aria-hidden />;
  }
}
