import { useDebouncedValue } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PilotPreview } from '../../../../shared/contract/models.ts';
import type { PilotScope } from '../../../../shared/domain/exposure.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import classes from './models.module.css';
import { StudyOfModel } from './StudyOfModel.tsx';
import { usePilotPreview } from './use-models.ts';

/** Typing settles first. */
const SETTLED_AFTER_MS = 300;

/** Which of the last studies a pilot of this scope would have shown, and why not the others. */
export function PilotPreviewList({
  digest,
  scope,
}: {
  readonly digest: string;
  readonly scope: PilotScope | null;
}): ReactNode {
  const { t } = useTranslation('models');
  const [settled] = useDebouncedValue(scope, SETTLED_AFTER_MS);
  const answer = usePilotPreview(digest, settled);
  if (scope === null) return <p className={page.quiet}>{t('preview.incomplete')}</p>;
  return (
    <Answered
      answer={answer}
      failed={t('preview.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '2fr', '1fr']} rows={4} />}
    >
      {({ studies, inPilot }) =>
        studies.length === 0 ? (
          <p className={page.quiet}>{t('preview.none')}</p>
        ) : (
          <>
            <p>{t('preview.says', { count: studies.length, inPilot })}</p>
            <div className={classes.preview}>
              <DataTable
                label={t('preview.title')}
                columns={(['came', 'study', 'exam', 'outcome'] as const).map((one) => t(`preview.column.${one}`))}
              >
                {studies.map((study) => (
                  <PreviewRow key={study.studyId} study={study} />
                ))}
              </DataTable>
            </div>
          </>
        )
      }
    </Answered>
  );
}

function PreviewRow({ study }: { readonly study: PilotPreview['studies'][number] }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  const { studyId, description, modality, receivedAtMs, outcome } = study;
  return (
    <tr>
      <td data-number>{formatMoment(receivedAtMs, zone)}</td>
      <td>
        <StudyOfModel studyId={studyId} />
      </td>
      <td className={classes.model}>{[modality, description].filter(Boolean).join(' · ')}</td>
      <td className={outcome === 'shown' ? undefined : classes.dim}>{t(`preview.outcome.${outcome}`)}</td>
    </tr>
  );
}
