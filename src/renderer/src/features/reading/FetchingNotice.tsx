import { Button, Progress } from '@mantine/core';
import { IconAlertTriangle, IconCloudDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './reading.module.css';
import type { FetchingBack } from './use-fetching-back.ts';

type Away = Exclude<FetchingBack, { readonly state: 'all-here' }>;

/** Says that images left the cache, that they are on their way back, from whom and how far, or why not and how to try again. */
export function FetchingNotice({ fetching }: { readonly fetching: Away }): ReactNode {
  const { t } = useTranslation('reading');
  const { state, images } = fetching;
  const ask = 'ask' in fetching ? fetching.ask : null;
  return (
    <div className={classes.fetching} role={state === 'failed' ? 'alert' : 'status'} data-state={state}>
      {state === 'failed' ? <IconAlertTriangle size={18} aria-hidden /> : <IconCloudDownload size={18} aria-hidden />}
      <span>{t(`fetching.${state === 'asking' ? 'away' : state}`, { count: images, peer: peerOf(fetching) })}</span>
      {state === 'on-its-way' && <HowFar fetch={fetching.fetch} />}
      {state === 'failed' && <span className={classes.dim}>{t(whyOf(fetching))}</span>}
      {ask !== null && (
        <Button size="compact-xs" variant="default" onClick={ask}>
          {t(state === 'failed' ? 'fetching.again' : 'fetching.ask')}
        </Button>
      )}
    </div>
  );
}

type OnItsWay = Extract<FetchingBack, { readonly state: 'on-its-way' }>;

function HowFar({ fetch }: Pick<OnItsWay, 'fetch'>): ReactNode {
  const { t } = useTranslation('reading');
  const { expected, completed, code, state } = fetch;
  return (
    <>
      <Progress
        className={classes.fetchingBar}
        value={expected === null || expected === 0 ? 0 : (100 * completed) / expected}
        animated={expected === null && state === 'running'}
        aria-label={t('fetching.progress')}
      />
      <span className={classes.dim}>
        {state === 'queued' && code === null
          ? t('fetching.queued')
          : expected === null
            ? t('fetching.counted', { count: completed })
            : t('fetching.of', { completed, expected })}
        {code !== null && ` · ${t(`archive:fetchCode.${code}`)}`}
      </span>
    </>
  );
}

function peerOf(fetching: Away): string {
  return ('fetch' in fetching ? fetching.fetch?.aeTitle : null) ?? '?';
}

function whyOf({ refusal, fetch }: Extract<FetchingBack, { readonly state: 'failed' }>): string[] {
  if (refusal !== null)
    return [`archive:refusal.${refusal.detail}`, `app:failure.${refusal.code}`, 'app:failure.unexpected-answer'];
  return [fetch?.code == null ? 'fetching.incomplete' : `archive:fetchCode.${fetch.code}`];
}
