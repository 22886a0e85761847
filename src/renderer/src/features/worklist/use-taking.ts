import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';

/** One study at a time is taken or given back; the station decides whether it may be. */
export type Taking = { readonly isPending: boolean; readonly toggle: (row: WorklistRow) => void };

/**
 * Takes a study for whoever is signed in, or gives back what they took. The station says which: a row can be older than the last
 * press. What came of it is said on the page, naming nobody.
 */
export function useTaking(): Taking {
  const { t } = useTranslation();
  const say = (message: string) => {
    notifications.clean();
    notifications.show({ message, withCloseButton: false });
  };
  const taking = useMutation({
    async mutationFn({ studyId, patient }: WorklistRow) {
      const { isAlready } = await client.routing.take({ studyId, patientId: patient.patientId });
      if (isAlready) await client.routing.giveBack({ studyId });
      return isAlready;
    },
    onSuccess: (isGivenBack) => say(t(isGivenBack ? 'worklist.taking.givenBack' : 'worklist.taking.taken')),
    onError(error) {
      const { code, detail } = failureOf(error);
      say(t([`worklist.taking.refused.${detail}`, `failure.${code}`, 'failure.unexpected-answer']));
    },
  });
  return {
    isPending: taking.isPending,
    toggle(row) {
      if (!taking.isPending) taking.mutate(row);
    },
  };
}
