import { Button, PasswordInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';

type Props = {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly text: string;
  readonly action: string;
  readonly asks: readonly ('reason' | 'password')[];
  readonly act: (given: { readonly reason: string; readonly password: string }) => Promise<unknown>;
  readonly onClose: () => void;
  readonly children?: ReactNode;
};

const SHORTEST_REASON = 3;

/** Asks for a reason, the caller's own password, or both, and acts; closes once it is done. */
export function SignDialog({ title, text, action, asks, act, onClose, children }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const cache = useQueryClient();
  const [reason, setReason] = useState('');
  const [password, setPassword] = useState('');
  const acting = useMutation({
    mutationFn: () => act({ reason: reason.trim(), password }),
    async onSuccess() {
      onClose();
      await cache.invalidateQueries({ queryKey: station.triage.key() });
    },
  });
  const isReady =
    (!asks.includes('reason') || reason.trim().length >= SHORTEST_REASON) &&
    (!asks.includes('password') || password !== '');
  return (
    <Dialog title={title} closeLabel={t('cancel')} onClose={onClose} size="lg">
      <form
        className={page.stack}
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !acting.isPending) acting.mutate();
        }}
      >
        <p>{text}</p>
        {children}
        {asks.includes('reason') && (
          <Textarea
            label={t('sign.reason')}
            description={t('sign.reasonText')}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
            maxLength={1000}
            autosize
            minRows={2}
            required
          />
        )}
        {asks.includes('password') && (
          <PasswordInput
            label={t('sign.password')}
            description={t('sign.passwordText')}
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            autoComplete="current-password"
            required
          />
        )}
        <RefusalText failure={acting.isError ? failureOf(acting.error) : null} t={t} />
        <div className={page.actions}>
          <Button type="submit" loading={acting.isPending} disabled={!isReady}>
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
