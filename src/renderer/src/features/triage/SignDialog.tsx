import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ComponentProps, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { type Signature, SignatureDialog } from '../../ui/SignatureDialog.tsx';

type Props = Omit<ComponentProps<typeof SignatureDialog>, 'size' | 'isPending' | 'failure' | 't' | 'onSign'> & {
  readonly act: (given: Signature) => Promise<unknown>;
};

/** Asks for a reason, the caller's own password, or both, and acts; closes once it is done. */
export function SignDialog({ act, ...shown }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const cache = useQueryClient();
  const acting = useMutation({
    mutationFn: act,
    async onSuccess() {
      shown.onClose();
      await cache.invalidateQueries({ queryKey: station.triage.key() });
    },
  });
  return (
    <SignatureDialog
      {...shown}
      size="lg"
      isPending={acting.isPending}
      failure={acting.isError ? failureOf(acting.error) : null}
      t={t}
      onSign={acting.mutate}
    />
  );
}
