import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunDetail } from '../../../../shared/contract/runs.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import { Section } from '../../ui/Section.tsx';

/** Every run of this model on this study: late images and newer versions run again, and all of them stay on record. */
export function RevisionChain({ run }: { readonly run: RunDetail }): ReactNode {
  const { t } = useTranslation('runs');
  const { zone } = useCurrentUser().site;
  const columns = (['revision', 'version', 'state', 'ended'] as const).map((name) => t(`chainColumn.${name}`));
  return (
    <Section title={t('section.chain')}>
      <DataTable label={t('section.chain')} columns={columns}>
        {run.chain.map((one) => (
          <tr key={one.runId} aria-current={one.runId === run.runId}>
            <td data-number>
              {one.runId === run.runId ? (
                `${one.revision} · ${t('thisRun')}`
              ) : (
                <Link to="/runs/$runId" params={{ runId: one.runId }}>
                  {one.revision}
                </Link>
              )}
            </td>
            <td data-number>{one.version}</td>
            <td>
              {t(`states.${one.state}`)}
              {one.reason !== null && `: ${t(`app:ai.reason.${one.reason}`)}`}
            </td>
            <td data-number>{one.finishedAtMs === null ? '' : formatMoment(one.finishedAtMs, zone)}</td>
          </tr>
        ))}
      </DataTable>
    </Section>
  );
}
