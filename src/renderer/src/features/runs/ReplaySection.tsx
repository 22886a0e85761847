import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconRepeat } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReplayCard, RunDetail } from '../../../../shared/contract/runs.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { Section } from '../../ui/Section.tsx';
import type { useReplay } from './use-run.ts';

type Props = {
  readonly run: RunDetail;
  readonly replay: ReturnType<typeof useReplay>;
  readonly mayReplay: boolean;
};

/** The replays of a run, newest first, and the way to ask for another on any provider that is proven here. */
export function ReplaySection({ run, replay, mayReplay }: Props): ReactNode {
  const { t } = useTranslation('runs');
  const { zone } = useCurrentUser().site;
  const columns = (['asked', 'by', 'provider', 'result'] as const).map((name) => t(`replayColumn.${name}`));
  return (
    <Section title={t('section.replays')} actions={mayReplay && <ReplayButton run={run} replay={replay} />}>
      <p className={page.quiet}>{t('replayText')}</p>
      <RefusalText failure={replay.failure} t={t} />
      {run.replays.length === 0 ? (
        <p className={page.quiet}>{t('noReplays')}</p>
      ) : (
        <DataTable label={t('section.replays')} columns={columns}>
          {run.replays.map((one) => (
            <tr key={one.replayId}>
              <td data-number>{formatMoment(one.askedAtMs, zone)}</td>
              <td>{one.askedBy}</td>
              <td>{one.provider ?? one.providerAsked ?? t('inUse')}</td>
              <td>
                <ReplayResult replay={one} />
              </td>
            </tr>
          ))}
        </DataTable>
      )}
    </Section>
  );
}

function ReplayButton({ run, replay }: Omit<Props, 'mayReplay'>): ReactNode {
  const { t } = useTranslation('runs');
  if (run.provenProviders.length < 2)
    return (
      <Button
        size="xs"
        leftSection={<IconRepeat size={14} aria-hidden />}
        loading={replay.isAsking}
        onClick={() => replay.ask(run.runId)}
      >
        {t('replay')}
      </Button>
    );
  return (
    <Menu withinPortal>
      <Menu.Target>
        <Button size="xs" loading={replay.isAsking} rightSection={<IconChevronDown size={14} aria-hidden />}>
          {t('replay')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {run.provenProviders.map((provider) => (
          <Menu.Item key={provider} onClick={() => replay.ask(run.runId, provider)}>
            {t('replayOn', { provider })}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function ReplayResult({ replay }: { readonly replay: ReplayCard }): ReactNode {
  const { t } = useTranslation('runs');
  const { state, reason, differences, differenceCount, versions } = replay;
  const why = reason === null ? '' : t([`reason.${reason}`, `app:ai.reason.${reason}`]);
  return (
    <>
      <span className={state === 'differs' ? page.bad : undefined}>
        {t(`replayState.${state}`, { count: differenceCount, reason: why })}
      </span>
      {differences.map((one) => (
        <span key={one.at} className={page.facts}>
          {t(one.allowed === null ? 'difference' : 'differenceAllowed', {
            ...{ at: one.at, was: one.was ?? '–', is: one.is ?? '–', allowed: one.allowed },
          })}
        </span>
      ))}
      {versions.map((one) => (
        <span key={one.what} className={page.facts}>
          {t('version', one)}
        </span>
      ))}
    </>
  );
}
