import { Button, PasswordInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';

/** What every signature carries. */
export type Signature = { readonly reason: string; readonly password: string };

type Props = {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly text: string;
  /** What the signing button is called. */
  readonly action: string;
  /** False while something of the dialog's own is missing. */
  readonly isReady?: boolean;
  /** False where the signature itself says why. */
  readonly asksReason?: boolean;
  readonly size?: 'lg' | 'xl';
  readonly sign: (signature: Signature) => Promise<unknown>;
  readonly onClose: () => void;
  readonly children?: ReactNode;
};

const SHORTEST_REASON = 3;
const LONGEST_REASON = 1000;

/** Asks for a reason and the signer's own password, and does what is signed; closes once it is done. */
export function SignedDialog(props: Props): ReactNode {
  const { title, text, action, isReady = true, asksReason = true, size, sign, onClose, children } = props;
  const { t } = useTranslation('models');
  const cache = useQueryClient();
  const [reason, setReason] = useState('');
  const [password, setPassword] = useState('');
  const signing = useMutation({
    mutationFn: () => sign({ reason: reason.trim(), password }),
    async onSuccess() {
      onClose();
      await Promise.all([
        cache.invalidateQueries({ queryKey: station.models.key() }),
        cache.invalidateQueries({ queryKey: station.modelFigures.key() }),
      ]);
    },
  });
  const isSigned = password !== '' && (!asksReason || reason.trim().length >= SHORTEST_REASON);
  return (
    <Dialog title={title} closeLabel={t('cancel')} onClose={onClose} {...(size === undefined ? {} : { size })}>
      <form
        className={page.stack}
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && isSigned && !signing.isPending) signing.mutate();
        }}
      >
        <p>{text}</p>
        {children}
        {asksReason && (
          <Textarea
            label={t('sign.reason')}
            description={t('sign.reasonText')}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
            maxLength={LONGEST_REASON}
            autosize
            minRows={2}
            required
          />
        )}
        <PasswordInput
          label={t('sign.password')}
          description={t('sign.passwordText')}
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          autoComplete="current-password"
          required
        />
        <RefusalText failure={signing.isError ? failureOf(signing.error) : null} t={t} />
        <div className={page.actions}>
          <Button type="submit" loading={signing.isPending} disabled={!isReady || !isSigned}>
            {action}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
