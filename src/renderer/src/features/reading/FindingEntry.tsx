import { ActionIcon, Tooltip } from '@mantine/core';
import { IconEye, IconEyeOff, IconHelpHexagon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../../shared/contract/studies.ts';
import { ceilingOfCategory } from '../../../../shared/domain/urgency.ts';
import { formatMeasure } from '../../ui/measure-text.ts';
import { UrgencyMark } from '../../ui/UrgencyMark.tsx';
import { type AiView, hasMarks, isDrawable, toggleFinding } from '../../viewport/ai-view.ts';
import { DecisionBar } from './decisions/DecisionBar.tsx';
import type { Decisions } from './decisions/use-decisions.ts';
import { FindingPlaces } from './FindingPlaces.tsx';
import { HeatmapControl } from './HeatmapControl.tsx';
import { judgedText } from './judged-by.ts';
import { type JumpTarget, targetOfFinding } from './jump-target.ts';
import classes from './reading.module.css';

type Props = {
  readonly finding: Finding;
  /** Every finding of the study: which of their heatmaps is on the images is one choice. */
  readonly findings: readonly Finding[];
  readonly aiView: AiView;
  readonly onAiView: (view: AiView) => void;
  readonly decisions: Decisions;
  readonly onJump: (target: JumpTarget) => void;
};

/** One AI finding, named as AI whatever a person decided of it; choosing it shows its key image. What is uncertain has a mark and a word of its own. */
export function FindingEntry({ finding, findings, aiView, onAiView, decisions, onJump }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { findingId, model, state, standing, withdrawn } = finding;
  const isUncertain = standing === 'uncertain';
  const target = targetOfFinding(finding);
  const canDraw = isDrawable(finding) && hasMarks(finding);
  const isHidden = aiView.hiddenFindings.has(findingId);
  return (
    <div
      className={classes.finding}
      data-finding={findingId}
      data-state={state}
      data-standing={standing}
      data-chosen={decisions.chosen === findingId}
      onFocusCapture={() => decisions.choose(findingId)}
    >
      <div className={classes.findingHead}>
        <button
          type="button"
          className={classes.findingJump}
          data-state={state}
          // One without an image is chosen all the same, for it is decided, too.
          aria-disabled={target === null}
          title={t(target === null ? 'findings.noKeyImage' : 'findings.jump')}
          onClick={() => target !== null && onJump(target)}
        >
          <span className={classes.findingTop}>
            {isUncertain ? (
              <IconHelpHexagon size={16} aria-hidden className={classes.uncertainIcon} />
            ) : (
              <UrgencyMark
                level={ceilingOfCategory(finding.category)}
                standing={state === 'accepted' || state === 'modified' ? 'confirmed' : 'suspected'}
                shapeOnly
              />
            )}
            <strong className={classes.findingLabel}>{finding.label.display}</strong>
            {isUncertain && <span className={classes.uncertain}>{t('findings.uncertain')}</span>}
          </span>
          <span className={classes.origin}>
            {[
              t('ai.model', { name: model.name, version: model.version }),
              t(`ai.findingState.${state}`),
              isUncertain ? t('findings.noFlag') : null,
              model.clinicalUse === 'none' ? t('ai.notForClinicalUse') : null,
            ]
              .filter((part) => part !== null)
              .join(' · ')}
          </span>
          <span className={classes.numbers}>
            <span>{judgedText(finding, standing, t)}</span>
            {finding.measurements
              .filter(({ part }) => part === null)
              .map(({ code, display, value, unit }) => (
                <span key={code}>{`${display} ${formatMeasure(value, unit)}`}</span>
              ))}
            {!isUncertain && <span>{t('findings.category', { category: finding.category })}</span>}
            <span>{t(`findings.stage.${model.stage}`, { defaultValue: model.stage })}</span>
            {withdrawn !== null && (
              <strong className={classes.withdrawn}>{t(`app:finding.withdrawn.${withdrawn}`)}</strong>
            )}
          </span>
        </button>
        {canDraw && (
          <Tooltip label={t(isHidden ? 'findings.showMarks' : 'findings.hideMarks')}>
            <ActionIcon
              size={26}
              variant="subtle"
              color="gray"
              aria-label={t('findings.marksOf', { name: finding.label.display })}
              aria-pressed={!isHidden}
              onClick={() => onAiView(toggleFinding(aiView, findingId))}
            >
              {isHidden ? <IconEyeOff size={16} /> : <IconEye size={16} />}
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <DecisionBar {...{ finding, decisions }} />
      <FindingPlaces finding={finding} onJump={onJump} />
      {canDraw && finding.heatmaps.length > 0 && <HeatmapControl {...{ finding, findings, aiView, onAiView }} />}
    </div>
  );
}
