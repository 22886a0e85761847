import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
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
      await invalidateSets(cache);
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

/** Asks anew for what the medical lead signs: how studies are placed, and for whom they are. */
export async function invalidateSets(cache: QueryClient): Promise<void> {
  await Promise.all([station.triage, station.routing].map((part) => cache.invalidateQueries({ queryKey: part.key() })));
}
