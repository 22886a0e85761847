import { Button, Select } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Discordance, ModelDetail, VersionComparison } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { MoreRows } from './MoreRows.tsx';
import classes from './models.module.css';
import { RateText } from './RateText.tsx';
import { RunLink } from './RunLink.tsx';
import { StudyOfModel } from './StudyOfModel.tsx';
import { TruthText } from './TruthText.tsx';
import { useComparison, useDiscordances } from './use-models.ts';

type Other = ModelDetail['otherVersions'][number];

/** This version beside another of its model, on the studies that both read: how often they say the same, and where they do not. */
export function ComparisonTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { otherVersions } = model;
  const [chosen, setChosen] = useState<string | null>(null);
  // What runs beside it first: the version that readers see.
  const first = otherVersions.find(({ stage }) => stage === 'general' || stage === 'pilot') ?? otherVersions[0];
  const other = otherVersions.find(({ digest }) => digest === chosen) ?? first;
  return (
    <Section
      title={t('comparison.title')}
      actions={
        other !== undefined && (
          <Select
            size="xs"
            aria-label={t('comparison.with')}
            allowDeselect={false}
            value={other.digest}
            onChange={setChosen}
            data={otherVersions.map(({ digest, version, stage }) => ({
              ...{ value: digest, label: t('comparison.version', { version, stage: t(`stage.${stage}`) }) },
            }))}
          />
        )
      }
    >
      <p className={page.quiet}>{t('comparison.text')}</p>
      {other === undefined ? (
        <p className={page.quiet}>{t('comparison.alone')}</p>
      ) : (
        <Compared key={other.digest} model={model} other={other} />
      )}
    </Section>
  );
}

function Compared({ model, other }: { readonly model: ModelDetail; readonly other: Other }): ReactNode {
  const { t } = useTranslation('models');
  const [isAsked, setIsAsked] = useState(false);
  const versions = { version: model.version, other: other.version };
  return (
    <Answered
      answer={useComparison(model.digest, other.digest)}
      failed={t('comparison.failed')}
      skeleton={<TableSkeleton columns={['2fr', '1fr', '1fr', '1fr']} rows={4} />}
    >
      {(comparison) =>
        comparison.studies === 0 ? (
          <p className={page.quiet}>{t('comparison.none')}</p>
        ) : (
          <>
            <p>{t('comparison.studies', { count: comparison.studies, ...versions })}</p>
            <AgreementTable model={model} other={other} comparison={comparison} />
            <Section title={t('discordance.title')}>
              {isAsked ? (
                <Discordances model={model} other={other} />
              ) : (
                <>
                  <p className={page.quiet}>{t('discordance.text')}</p>
                  <div>
                    <Button variant="default" onClick={() => setIsAsked(true)}>
                      {t('discordance.show')}
                    </Button>
                  </div>
                </>
              )}
            </Section>
          </>
        )
      }
    </Answered>
  );
}

type TableProps = { readonly model: ModelDetail; readonly other: Other; readonly comparison: VersionComparison };

function AgreementTable({ model, other, comparison }: TableProps): ReactNode {
  const { t } = useTranslation('models');
  const versions = { version: model.version, other: other.version };
  const columns = [
    'label',
    'both',
    'onlyThis',
    'onlyOther',
    'neither',
    'agreement',
    'kappa',
    'flags',
    'scores',
  ] as const;
  return (
    <DataTable label={t('comparison.title')} columns={columns.map((one) => t(`comparison.column.${one}`, versions))}>
      {comparison.labels.map((one) => (
        <tr key={one.label}>
          <td className={classes.model}>{model.labels.find(({ id }) => id === one.label)?.name ?? one.label}</td>
          <td data-number>{one.both}</td>
          <td data-number>{one.onlyThis}</td>
          <td data-number>{one.onlyOther}</td>
          <td data-number>{one.neither}</td>
          <td data-number>
            <RateText rate={one.agreement} />
          </td>
          <td data-number>{one.kappa === null ? '–' : one.kappa.toFixed(2)}</td>
          <td data-number>
            <div>
              {model.version}: <RateText rate={one.flagged} />
            </div>
            <div>
              {other.version}: <RateText rate={one.otherFlagged} />
            </div>
          </td>
          <td data-number>
            {one.difference === null
              ? '–'
              : t('comparison.difference', {
                  middle: signed(one.difference.p50),
                  low: signed(one.difference.p5),
                  high: signed(one.difference.p95),
                })}
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

function Discordances({ model, other }: { readonly model: ModelDetail; readonly other: Other }): ReactNode {
  const { t } = useTranslation('models');
  const discordances = useDiscordances(model.digest, other.digest);
  const versions = { version: model.version, other: other.version };
  return (
    <Answered
      answer={discordances}
      failed={t('discordance.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '1fr', '1fr']} rows={5} />}
    >
      {(rows) =>
        rows.length === 0 ? (
          <p className={page.quiet}>{t('discordance.none')}</p>
        ) : (
          <>
            <DataTable
              label={t('discordance.title')}
              columns={(['at', 'study', 'label', 'this', 'other', 'truth'] as const).map((one) =>
                t(`discordance.column.${one}`, versions),
              )}
            >
              {rows.map((row) => (
                <DiscordanceRow key={`${row.runId} ${row.label}`} row={row} model={model} />
              ))}
            </DataTable>
            <MoreRows fetchMore={discordances.fetchMore} />
          </>
        )
      }
    </Answered>
  );
}

function DiscordanceRow({ row, model }: { readonly row: Discordance; readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  return (
    <tr>
      <td data-number>{formatMoment(row.atMs, zone)}</td>
      <td>
        <StudyOfModel studyId={row.studyId} />
      </td>
      <td className={classes.model}>{model.labels.find(({ id }) => id === row.label)?.name ?? row.label}</td>
      <td data-number>
        <RunLink runId={row.runId}>
          {t(row.isFlagged ? 'results.flagged' : 'results.notFlagged', { score: row.score.toFixed(2) })}
        </RunLink>
      </td>
      <td data-number>
        <RunLink runId={row.otherRunId}>
          {t(row.otherIsFlagged ? 'results.flagged' : 'results.notFlagged', { score: row.otherScore.toFixed(2) })}
        </RunLink>
      </td>
      <td>
        <TruthText truth={row.truth} />
      </td>
    </tr>
  );
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}
