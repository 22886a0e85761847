import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail, SilentResult } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { MoreRows } from './MoreRows.tsx';
import classes from './models.module.css';
import { RunLink } from './RunLink.tsx';
import { StudyOfModel } from './StudyOfModel.tsx';
import { TruthText } from './TruthText.tsx';
import { useSilentResults } from './use-models.ts';

/** What the model said while it was silent, for those who may see it; that they look stands on record, so they are asked first. */
export function SilentResultsTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { permissions } = useCurrentUser();
  const [isAsked, setIsAsked] = useState(false);
  // The station leaves out for them what is not final; that it does is said.
  const mayReport = permissions.includes('study.open') || permissions.includes('truth.record');
  return (
    <Section title={t('results.title')}>
      <p className={page.quiet}>{t('results.text')}</p>
      {mayReport && <p className={page.warn}>{t('results.finalOnly')}</p>}
      {isAsked ? (
        <Results model={model} />
      ) : (
        <div>
          <Button variant="default" onClick={() => setIsAsked(true)}>
            {t('results.show')}
          </Button>
        </div>
      )}
    </Section>
  );
}

function Results({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const results = useSilentResults(model.digest);
  return (
    <Answered
      answer={results}
      failed={t('results.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '2fr', '1fr']} rows={8} />}
    >
      {(rows) =>
        rows.length === 0 && results.fetchMore === null ? (
          <p className={page.quiet}>{t('results.none')}</p>
        ) : (
          <>
            <DataTable
              label={t('results.title')}
              columns={(['at', 'study', 'says', 'truth'] as const).map((one) => t(`results.column.${one}`))}
            >
              {rows.map((row) => (
                <ResultRow key={row.runId} row={row} model={model} />
              ))}
            </DataTable>
            <MoreRows fetchMore={results.fetchMore} />
          </>
        )
      }
    </Answered>
  );
}

function ResultRow({ row, model }: { readonly row: SilentResult; readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  const name = (id: string) => model.labels.find((label) => label.id === id)?.name ?? id;
  return (
    <tr>
      <td data-number>
        <RunLink runId={row.runId}>{formatMoment(row.finishedAtMs, zone)}</RunLink>
      </td>
      <td>
        <StudyOfModel studyId={row.studyId} />
      </td>
      <td>
        <ul className={classes.list}>
          {row.labels.map(({ label, score, isFlagged }) => (
            <li key={label}>
              {name(label)}: {t(isFlagged ? 'results.flagged' : 'results.notFlagged', { score: score.toFixed(2) })}
            </li>
          ))}
        </ul>
      </td>
      <td>
        <ul className={classes.list}>
          {row.labels.map(({ label, truth }) => (
            <li key={label}>
              <TruthText truth={truth} />
            </li>
          ))}
        </ul>
      </td>
    </tr>
  );
}
