import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ComponentProps, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { type Signature, SignatureDialog } from '../../ui/SignatureDialog.tsx';

type Props = Omit<ComponentProps<typeof SignatureDialog>, 'asks' | 'isPending' | 'failure' | 't' | 'onSign'> & {
  /** False where the signature itself says why. */
  readonly asksReason?: boolean;
  readonly sign: (signature: Signature) => Promise<unknown>;
};

/** Asks for a reason and the signer's own password, and does what is signed; closes once it is done. */
export function SignedDialog({ asksReason = true, sign, ...shown }: Props): ReactNode {
  const { t } = useTranslation('models');
  const cache = useQueryClient();
  const signing = useMutation({
    mutationFn: sign,
    async onSuccess() {
      shown.onClose();
      await Promise.all([
        cache.invalidateQueries({ queryKey: station.models.key() }),
        cache.invalidateQueries({ queryKey: station.modelFigures.key() }),
      ]);
    },
  });
  return (
    <SignatureDialog
      {...shown}
      asks={asksReason ? ['reason', 'password'] : ['password']}
      isPending={signing.isPending}
      failure={signing.isError ? failureOf(signing.error) : null}
      t={t}
      onSign={signing.mutate}
    />
  );
}
