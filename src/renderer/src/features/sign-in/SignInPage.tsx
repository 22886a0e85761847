import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../bridge/failure.ts';
import { readPageFacts } from '../../bridge/page-facts.ts';
import { refreshSession, signIn, useSession } from '../../bridge/session.ts';
import { faultText, lockedText } from './refusal-text.ts';
import classes from './SignInPage.module.css';

type Attempt =
  | { readonly state: 'idle' | 'asking' | 'second-factor' }
  | { readonly state: 'refused'; readonly failure: Failure };

const DEMO_USERS = [
  ...(['radiologist', 'technologist', 'coordinator', 'administrator'] as const),
  ...(['medical-lead', 'model-owner', 'truth-reader'] as const),
] as const;
const facts = readPageFacts();

/** How often a station that could not be reached is asked again; whoever is still signed in then goes on. */
const ASK_AGAIN_MS = 3_000;

/** Who are you: name and password, and on a demo station the names to try. */
export function SignInPage(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [attempt, setAttempt] = useState<Attempt>({ state: 'idle' });
  const session = useSession();
  const isUnreachable = session.state === 'unreachable';
  const wasIdle = session.state === 'signed-out' && session.because === 'idleness';
  useEffect(() => {
    if (!isUnreachable) return;
    const again = setInterval(() => void refreshSession(), ASK_AGAIN_MS);
    return () => clearInterval(again);
  }, [isUnreachable]);

  async function submit(event: { preventDefault(): void }): Promise<void> {
    event.preventDefault();
    setAttempt({ state: 'asking' });
    const outcome = await signIn(username.trim(), password);
    if (!outcome.ok) {
      setPassword('');
      return setAttempt({ state: 'refused', failure: outcome.error });
    }
    if (outcome.value.state === 'second-factor') return setAttempt({ state: 'second-factor' });
    await navigate({ to: '/worklist', replace: true });
  }

  return (
    <main className={classes.page}>
      <form className={classes.form} onSubmit={(event) => void submit(event)}>
        <h1 className={classes.product}>Wetread</h1>
        <p className={classes.what}>{t('signIn.what')}</p>
        {facts.demo && (
          <DemoUsers
            onChoose={(name) => {
              setUsername(name);
              setPassword('demo');
            }}
          />
        )}
        {wasIdle && attempt.state === 'idle' && (
          <p role="status" className={classes.idle}>
            {t('signIn.idle')}
          </p>
        )}
        <TextInput
          label={t('signIn.username')}
          autoComplete="username"
          autoFocus
          required
          withAsterisk={false}
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('signIn.password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" size="sm" loading={attempt.state === 'asking'}>
          {t('signIn.submit')}
        </Button>
        {isUnreachable ? (
          <p role="status" className={classes.refused}>
            {t('signIn.waiting')}
          </p>
        ) : (
          <Outcome attempt={attempt} />
        )}
      </form>
    </main>
  );
}

function Outcome({ attempt }: { readonly attempt: Attempt }): ReactNode {
  const { t } = useTranslation();
  if (attempt.state === 'second-factor') {
    return (
      <p role="alert" className={classes.refused}>
        {t('signIn.secondFactor')}
      </p>
    );
  }
  if (attempt.state !== 'refused') return null;
  return (
    <p role="alert" className={classes.refused}>
      {refusalText(attempt.failure, t)}
    </p>
  );
}

function refusalText(failure: Failure, t: TFunction): string {
  switch (failure.code) {
    case 'signed-out':
    case 'forbidden':
      return t('signIn.wrong');
    case 'too-many-requests':
      return lockedText(failure, t);
    case 'unreachable':
      return t('signIn.unreachable');
    case 'not-found':
    case 'conflict':
    case 'station-fault':
    case 'unexpected-answer':
      return faultText(failure, t);
  }
}

function DemoUsers({ onChoose }: { readonly onChoose: (name: string) => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <section className={classes.demo} aria-label={t('signIn.demoTitle')}>
      <strong>{t('signIn.demoTitle')}</strong>
      <p>{t('signIn.demoText')}</p>
      <div className={classes.names}>
        {DEMO_USERS.map((name) => (
          <Button key={name} variant="default" onClick={() => onChoose(name)}>
            {name}
          </Button>
        ))}
      </div>
    </section>
  );
}
