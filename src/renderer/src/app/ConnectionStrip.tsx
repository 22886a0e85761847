import { Popover, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StationStatus } from '../../../shared/contract/station.ts';
import { useConnection } from '../bridge/connection.ts';
import { formatBytes } from '../ui/bytes.ts';
import { useNow } from '../ui/clock.ts';
import { formatSpan } from '../ui/duration.ts';
import classes from './ConnectionStrip.module.css';

/** The network's state along the bottom of every page; what is not configured is grey, not a fault. */
export function ConnectionStrip({ status }: { readonly status: StationStatus | undefined }): ReactNode {
  const { t } = useTranslation();
  return (
    <footer className={classes.strip} aria-label={t('strip.label')}>
      <PageConnection />
      {status && (
        <>
          <DicomIn dicomIn={status.dicomIn} />
          {status.hl7In.state !== 'not-configured' && (
            <Part name={t('strip.hl7')} state={partOfListener[status.hl7In.state]}>
              {t(`strip.listener.${status.hl7In.state}`)}
            </Part>
          )}
          <Destinations destinations={status.destinations} />
          <Inference inference={status.inference} />
          <Disk disk={status.disk} />
          <NotConfigured status={status} />
          <span className={classes.space} />
          {status.readersSignedIn === 0 && <Part state="warn">{t('strip.noReader')}</Part>}
          <HealthReasons reasons={status.reasons.filter((one) => one.code !== 'no-reader-signed-in')} />
        </>
      )}
    </footer>
  );
}

type PartState = 'well' | 'off' | 'warn' | 'fault';

type PartProps = {
  readonly name?: string;
  readonly state: PartState;
  readonly title?: string;
  readonly children: ReactNode;
};

function Part({ name, state, title, children }: PartProps): ReactNode {
  return (
    <span className={classes.part} data-state={state} title={title}>
      <svg width="9" height="9" viewBox="0 0 9 9" aria-hidden>
        {marks[state]}
      </svg>
      {name && <span className={classes.name}>{name}</span>}
      <span>{children}</span>
    </span>
  );
}

/** A state is a shape before it is a colour: disc, ring, triangle, cross. */
const marks = {
  well: <circle cx="4.5" cy="4.5" r="3.2" fill="currentColor" />,
  off: <circle cx="4.5" cy="4.5" r="3" fill="none" stroke="currentColor" strokeWidth="1.2" />,
  warn: <path d="M4.5 0.8 8.6 8.2H0.4Z" fill="currentColor" />,
  fault: <path d="M1.2 1.2 7.8 7.8M7.8 1.2 1.2 7.8" stroke="currentColor" strokeWidth="2" />,
} as const;

const partOfListener = { listening: 'well', closed: 'fault' } as const;

function PageConnection(): ReactNode {
  const { t } = useTranslation();
  const connection = useConnection();
  const now = useNow();
  if (connection.state !== 'connecting' || now - connection.sinceMs < 2_000) return null;
  return <Part state="fault">{t('strip.stationLost', { since: formatSpan(now - connection.sinceMs) })}</Part>;
}

function DicomIn({ dicomIn }: { readonly dicomIn: StationStatus['dicomIn'] }): ReactNode {
  const { t } = useTranslation();
  const now = useNow();
  const last = dicomIn.lastReceivedAtMs;
  return (
    <Part
      name={t('strip.dicom')}
      state={partOfListener[dicomIn.state]}
      title={last === null ? t('strip.nothingReceived') : t('strip.lastReceived', { ago: formatSpan(now - last) })}
    >
      {dicomIn.state === 'closed'
        ? t('strip.listener.closed')
        : t('strip.dicomIn', { ae: dicomIn.aeTitle, port: dicomIn.port, count: dicomIn.receivedLastHour })}
    </Part>
  );
}

type Destination = StationStatus['destinations'][number];

const partOfDestination = { reachable: 'well', unreachable: 'warn', 'refuses-us': 'warn', unknown: 'off' } as const;
/** More of a kind are told of together, and one by one where that is opened. */
const MOST_APART = 2;

function Destinations({ destinations }: { readonly destinations: readonly Destination[] }): ReactNode {
  const kinds = Map.groupBy(
    destinations.filter(({ state }) => state !== 'not-configured'),
    ({ kind }) => kind,
  );
  return [...kinds].map(([kind, some]) =>
    some.length > MOST_APART ? (
      <DestinationsTogether key={kind} kind={kind} destinations={some} />
    ) : (
      some.map((one) => <OneDestination key={one.name} destination={one} />)
    ),
  );
}

function OneDestination({ destination }: { readonly destination: Destination }): ReactNode {
  const { t } = useTranslation();
  const { kind, name, state } = destination;
  const label = t(`strip.${kind}`);
  return (
    <Part
      name={name === label ? label : `${label} ${name}`}
      state={state === 'not-configured' ? 'off' : partOfDestination[state]}
    >
      <DestinationState destination={destination} />
    </Part>
  );
}

function DestinationState({ destination }: { readonly destination: Destination }): ReactNode {
  const { t } = useTranslation();
  const now = useNow();
  const { state, sinceMs, queued } = destination;
  return (
    <>
      {t(`strip.destination.${state}`)}
      {state !== 'reachable' && sinceMs !== null && ` ${t('strip.since', { since: formatSpan(now - sinceMs) })}`}
      {queued > 0 && ` · ${t('strip.queued', { count: queued })}`}
    </>
  );
}

type TogetherProps = { readonly kind: Destination['kind']; readonly destinations: readonly Destination[] };

function DestinationsTogether({ kind, destinations }: TogetherProps): ReactNode {
  const { t } = useTranslation();
  const reachable = destinations.filter(({ state }) => state === 'reachable').length;
  const isAsked = destinations.every(({ state }) => state !== 'unknown');
  const queued = destinations.reduce((sum, one) => sum + one.queued, 0);
  const state = reachable === destinations.length ? 'well' : isAsked ? 'warn' : 'off';
  return (
    <Popover position="top-start" width={320} withArrow>
      <Popover.Target>
        <UnstyledButton className={classes.reasons}>
          <Part name={t(`strip.${kind}`)} state={state}>
            {t('strip.reachableOf', { reachable, count: destinations.length })}
            {queued > 0 && ` · ${t('strip.queued', { count: queued })}`}
          </Part>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className={classes.destinations}>
          {destinations.map((one) => (
            <li key={one.name}>
              <OneDestination destination={one} />
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

/** What is not configured is said once, in grey: a fact, not a fault. */
function NotConfigured({ status }: { readonly status: StationStatus }): ReactNode {
  const { t } = useTranslation();
  const kinds = (['pacs', 'ris', 'ehr'] as const).filter(
    (kind) => !status.destinations.some((one) => one.kind === kind && one.state !== 'not-configured'),
  );
  const names = [...(status.hl7In.state === 'not-configured' ? (['hl7'] as const) : []), ...kinds];
  if (names.length === 0) return null;
  const said = names.map((name) => t(`strip.${name}`)).join(', ');
  const words = t('strip.notConfigured', { names: said });
  return (
    <Part state="off" title={words}>
      {words}
    </Part>
  );
}

function Inference({ inference }: { readonly inference: StationStatus['inference'] }): ReactNode {
  const { t } = useTranslation();
  const states = { ready: 'well', starting: 'warn', down: 'fault' } as const;
  const waiting = inference.queued + inference.running;
  const local = inference.wanted.find((name) => name !== 'remote') ?? null;
  const used =
    inference.used.length === 0 ? providerName(inference.provider) : inference.used.map(providerName).join(', ');
  const isAnother = local !== null && inference.provider !== local;
  const isOther = inference.state === 'ready' && (isAnother || inference.elsewhere > 0);
  return (
    <Part
      name={t('strip.ai')}
      state={isOther ? 'warn' : states[inference.state]}
      title={t('strip.models', { count: inference.models })}
    >
      {inference.state !== 'ready'
        ? t(`strip.inference.${inference.state}`)
        : isAnother
          ? t('strip.otherProvider', { used, wanted: providerName(local) })
          : inference.elsewhere > 0
            ? t('strip.elsewhere', { used, count: inference.elsewhere })
            : used}
      {waiting > 0 && ` · ${t('strip.runs', { running: inference.running, queued: inference.queued })}`}
    </Part>
  );
}

const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  tensorrt: 'TensorRT',
  directml: 'DirectML',
  coreml: 'Core ML',
};

function providerName(provider: string | null): string {
  return provider === null ? '' : (PROVIDER_NAMES[provider] ?? provider.replace('remote:', ''));
}

function Disk({ disk }: { readonly disk: StationStatus['disk'] }): ReactNode {
  const { t } = useTranslation();
  const states = { enough: 'well', low: 'warn', refusing: 'fault', full: 'fault', unknown: 'warn' } as const;
  return (
    <Part name={t('strip.disk')} state={states[disk.state]}>
      {t('strip.diskLeft', { left: formatBytes(disk.freeBytes) })}
    </Part>
  );
}

function HealthReasons({ reasons }: { readonly reasons: StationStatus['reasons'] }): ReactNode {
  const { t } = useTranslation();
  if (reasons.length === 0) return null;
  const failing = reasons.some((one) => one.severity === 'failing');
  return (
    <Popover position="top-end" width={360} withArrow>
      <Popover.Target>
        <UnstyledButton className={classes.reasons}>
          <Part state={failing ? 'fault' : 'warn'}>{t('strip.reasons', { count: reasons.length })}</Part>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className={classes.list}>
          {reasons.map((one) => (
            <li key={one.code}>{t([`health.${one.code}`, 'health.unknown'], { code: one.code })}</li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}
