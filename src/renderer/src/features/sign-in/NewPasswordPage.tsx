import { Button, PasswordInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SHORTEST_PASSWORD } from '../../../../shared/contract/sessions.ts';
import type { Failure } from '../../bridge/failure.ts';
import { changePassword, signOut } from '../../bridge/session.ts';
import { lockedText } from './refusal-text.ts';
import classes from './SignInPage.module.css';

type Attempt =
  | { readonly state: 'idle' | 'asking' | 'too-short' | 'not-the-same' }
  | { readonly state: 'refused'; readonly failure: Failure };

const EMPTY = { current: '', next: '', again: '' };

/** A password that somebody else set and saw must be replaced before anything else. */
export function NewPasswordPage(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [typed, setTyped] = useState(EMPTY);
  const [attempt, setAttempt] = useState<Attempt>({ state: 'idle' });

  async function submit(event: { preventDefault(): void }): Promise<void> {
    event.preventDefault();
    if (typed.next.length < SHORTEST_PASSWORD) return setAttempt({ state: 'too-short' });
    if (typed.next !== typed.again) return setAttempt({ state: 'not-the-same' });
    setAttempt({ state: 'asking' });
    const changed = await changePassword(typed.current, typed.next);
    if (!changed.ok) return setAttempt({ state: 'refused', failure: changed.error });
    await navigate({ to: '/worklist', replace: true });
  }

  const field = (name: keyof typeof EMPTY, autoComplete: string) => ({
    label: t(`newPassword.${name}`),
    autoComplete,
    required: true,
    withAsterisk: false,
    value: typed[name],
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      setTyped({ ...typed, [name]: event.currentTarget.value }),
  });
  const refusal = refusalText(attempt, t);

  return (
    <main className={classes.page}>
      <form className={classes.form} onSubmit={(event) => void submit(event)}>
        <h1 className={classes.product}>{t('newPassword.title')}</h1>
        <p className={classes.what}>{t('newPassword.what', { count: SHORTEST_PASSWORD })}</p>
        <PasswordInput {...field('current', 'current-password')} autoFocus />
        <PasswordInput {...field('next', 'new-password')} />
        <PasswordInput {...field('again', 'new-password')} />
        <Button type="submit" size="sm" loading={attempt.state === 'asking'}>
          {t('newPassword.submit')}
        </Button>
        {refusal !== null && (
          <p role="alert" className={classes.refused}>
            {refusal}
          </p>
        )}
        <Button variant="subtle" onClick={() => void signOut()}>
          {t('shell.signOut')}
        </Button>
      </form>
    </main>
  );
}

function refusalText(attempt: Attempt, t: TFunction): string | null {
  switch (attempt.state) {
    case 'idle':
    case 'asking':
      return null;
    case 'too-short':
      return t('newPassword.tooShort', { count: SHORTEST_PASSWORD });
    case 'not-the-same':
      return t('newPassword.notTheSame');
    case 'refused':
      return failureText(attempt.failure, t);
  }
}

function failureText(failure: Failure, t: TFunction): string {
  switch (failure.code) {
    case 'conflict':
      return t(failure.detail === 'password-unchanged' ? 'newPassword.unchanged' : 'newPassword.wrong');
    case 'too-many-requests':
      return lockedText(failure, t);
    case 'unreachable':
      return t('newPassword.unreachable');
    case 'signed-out':
      return t('failure.signed-out');
    case 'forbidden':
    case 'not-found':
    case 'station-fault':
    case 'unexpected-answer':
      return failure.incidentId === null
        ? t('newPassword.fault')
        : t('newPassword.faultWithIncident', { incident: failure.incidentId });
  }
}
