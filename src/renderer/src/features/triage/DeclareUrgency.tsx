import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyTriage } from '../../../../shared/contract/triage.ts';
import { type UrgencyLevel, urgencyRank } from '../../../../shared/domain/urgency.ts';
import { client } from '../../bridge/client.ts';
import { station } from '../../bridge/queries.ts';
import { SignDialog } from './SignDialog.tsx';

type Props = { readonly triage: StudyTriage; readonly level: UrgencyLevel };

/** The classes that the person here may set now, each with a reason; lowering is said as that. */
export function DeclareUrgency({ triage, level }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const cache = useQueryClient();
  const [to, setTo] = useState<UrgencyLevel | null>(null);
  const { studyId, patientId, mayDeclare } = triage;
  const name = (one: UrgencyLevel) => {
    const how = urgencyRank(one) > urgencyRank(level) ? 'lower' : one === level ? 'confirm' : 'declare';
    return t(`declare.${how}`, { level: t(`app:urgency.${one}`) });
  };
  return (
    <>
      {mayDeclare.map((one) => (
        <Button key={one} size="xs" variant="default" onClick={() => setTo(one)}>
          {name(one)}
        </Button>
      ))}
      {to !== null && (
        <SignDialog
          title={name(to)}
          text={t(urgencyRank(to) > urgencyRank(level) ? 'declare.lowerText' : 'declare.text')}
          action={name(to)}
          asks={['reason']}
          act={async ({ reason }) => {
            await client.triage.declare({ studyId, patientId, level: to, reason });
            await cache.invalidateQueries({ queryKey: station.studies.key() });
          }}
          onClose={() => setTo(null)}
        />
      )}
    </>
  );
}
