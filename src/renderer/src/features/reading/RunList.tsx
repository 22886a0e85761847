import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunCard } from '../../../../shared/contract/studies.ts';
import classes from './reading.module.css';

/** The runs behind what AI says: model, provider, stages and times; closed until someone asks. */
export function RunList({ runs }: { readonly runs: readonly RunCard[] }): ReactNode {
  const { t } = useTranslation('reading');
  const [isOpen, setOpen] = useState(false);
  if (runs.length === 0) return <p className={classes.fact}>{t('runs.none')}</p>;
  return (
    <div className={classes.runs}>
      <UnstyledButton className={classes.runsToggle} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        {t('runs.heading', { count: runs.length })}
      </UnstyledButton>
      {isOpen && runs.map((run) => <RunEntry key={run.runId} run={run} />)}
    </div>
  );
}

function RunEntry({ run }: { readonly run: RunCard }): ReactNode {
  const { t } = useTranslation('reading');
  const total = run.startedAtMs !== null && run.finishedAtMs !== null ? run.finishedAtMs - run.startedAtMs : null;
  const facts: readonly (readonly [string, string | null])[] = [
    [
      t('runs.state'),
      t(`runs.states.${run.state}`) + (run.reason === null ? '' : ` (${t(`ai.reason.${run.reason}`)})`),
    ],
    [t('runs.revision'), String(run.revision)],
    [t('runs.stage'), t(`findings.stage.${run.model.stage}`, { defaultValue: run.model.stage })],
    [t('runs.provider'), run.provider],
    [t('runs.series'), run.seriesChoice.length === 0 ? null : run.seriesChoice.join(', ')],
    [t('runs.digest'), run.model.digest.slice(0, 16)],
    ...inOrder(run.stagesMs).map(
      ([stage, ms]) =>
        [t(`runs.stages.${stage}`, { defaultValue: stage }), t('runs.ms', { ms: Math.round(ms) })] as const,
    ),
    [t('runs.total'), total === null ? null : t('runs.ms', { ms: Math.round(total) })],
  ];
  return (
    <div className={classes.run}>
      <strong>{t('ai.model', { name: run.model.name, version: run.model.version })}</strong>
      <dl className={classes.runFacts}>
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <Link className={classes.receipt} to="/runs/$runId" params={{ runId: run.runId }}>
        {t('runs.receipt')}
      </Link>
    </div>
  );
}

const STAGES = ['readMs', 'decodeMs', 'preprocessMs', 'inferMs', 'postprocessMs'];

/** A run's stages as they happen; one this page does not know yet stands at the end. */
function inOrder(stagesMs: RunCard['stagesMs']): readonly (readonly [string, number])[] {
  const place = (stage: string) => (STAGES.includes(stage) ? STAGES.indexOf(stage) : STAGES.length);
  return Object.entries(stagesMs).toSorted(([a], [b]) => place(a) - place(b));
}
