import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyTriage } from '../../../../shared/contract/triage.ts';
import { type UrgencyLevel, urgencyRank } from '../../../../shared/domain/urgency.ts';
import { client } from '../../bridge/client.ts';
import { station } from '../../bridge/queries.ts';
import { SignDialog } from './SignDialog.tsx';

type Props = { readonly triage: StudyTriage; readonly place: NonNullable<StudyTriage['place']> };

/** The classes that the person here may set now, each with a reason; lowering is said as that. */
export function DeclareUrgency({ triage, place: { level, raises } }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const cache = useQueryClient();
  const [asked, setAsked] = useState<{ readonly to: UrgencyLevel; readonly raises: number } | null>(null);
  const { studyId, patientId, mayDeclare } = triage;
  const name = (one: UrgencyLevel) => {
    const how = urgencyRank(one) > urgencyRank(level) ? 'lower' : one === level ? 'confirm' : 'declare';
    return t(`declare.${how}`, { level: t(`app:urgency.${one}`) });
  };
  return (
    <>
      {mayDeclare.map((one) => (
        <Button key={one} size="xs" variant="default" onClick={() => setAsked({ to: one, raises })}>
          {name(one)}
        </Button>
      ))}
      {asked !== null && (
        <SignDialog
          title={name(asked.to)}
          text={t(urgencyRank(asked.to) > urgencyRank(level) ? 'declare.lowerText' : 'declare.text')}
          action={name(asked.to)}
          asks={['reason']}
          act={async ({ reason }) => {
            // As it was when they chose: what raises it while the dialog stands they have not weighed.
            await client.triage.declare({ studyId, patientId, level: asked.to, raises: asked.raises, reason });
            await cache.invalidateQueries({ queryKey: station.studies.key() });
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}
