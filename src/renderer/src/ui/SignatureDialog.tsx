import { Button, PasswordInput, Textarea } from '@mantine/core';
import type { TFunction } from 'i18next';
import { type ComponentProps, type ReactNode, useState } from 'react';
import { Dialog } from './Dialog.tsx';
import page from './Page.module.css';
import { RefusalText } from './RefusalText.tsx';

/** What a signature carries; what is not asked for is empty. */
export type Signature = { readonly reason: string; readonly password: string };

type Props = {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly text: string;
  /** What the signing button is called. */
  readonly action: string;
  readonly asks: readonly (keyof Signature)[];
  /** False while something of the dialog's own is missing. */
  readonly isReady?: boolean;
  readonly isPending: boolean;
  readonly failure: ComponentProps<typeof RefusalText>['failure'];
  readonly size?: 'lg' | 'xl';
  /** The words of the page it stands on: `sign.`, `cancel` and `refusal.`. */
  readonly t: TFunction<'models' | 'triage'>;
  readonly onSign: (signature: Signature) => void;
  readonly onClose: () => void;
  readonly children?: ReactNode;
};

const SHORTEST_REASON = 3;
const LONGEST_REASON = 1000;

/** Asks for a reason, the signer's own password, or both. */
export function SignatureDialog(props: Props): ReactNode {
  const { title, text, action, asks, isReady = true, isPending, failure, size, t, onSign, onClose, children } = props;
  const [reason, setReason] = useState('');
  const [password, setPassword] = useState('');
  const isSigned =
    (!asks.includes('reason') || reason.trim().length >= SHORTEST_REASON) &&
    (!asks.includes('password') || password !== '');
  return (
    <Dialog title={title} closeLabel={t('cancel')} onClose={onClose} {...(size === undefined ? {} : { size })}>
      <form
        className={page.stack}
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && isSigned && !isPending) onSign({ reason: reason.trim(), password });
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
            maxLength={LONGEST_REASON}
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
        <RefusalText failure={failure} t={t} />
        <div className={page.actions}>
          <Button type="submit" loading={isPending} disabled={!isReady || !isSigned}>
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
