import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import type { Receipt } from '../../../../shared/domain/receipt.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatMoment } from '../../ui/duration.ts';
import { Facts } from '../../ui/Facts.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import classes from './runs.module.css';

const STAGES = ['readMs', 'decodeMs', 'preprocessMs', 'inferMs', 'postprocessMs'];

/** When the series was prepared, and whether that was while another run computed; and on what it was computed. */
const Said = z.object({
  spans: z
    .object({ prepare: z.object({ fromMs: z.number(), toMs: z.number(), isAhead: z.boolean() }) })
    .optional()
    .catch(undefined),
  device: z.object({ version: z.string(), isWhole: z.boolean() }).optional().catch(undefined),
});

/** A fact of the machine in words; why something else computed it is a code with words of its own. */
function factText(name: string, value: Receipt['machine'][string], t: TFunction): string {
  if (Array.isArray(value)) return value.join(', ');
  if (name !== 'providerBecause') return String(value);
  return t([`models:provider.because.${value}`, `app:ai.reason.${value}`], { defaultValue: String(value) });
}

/** When a run waited, began and ended, each attempt and each stage, and on what it computed. */
export function WhenItRan({ receipt }: { readonly receipt: Receipt }): ReactNode {
  const { t } = useTranslation('runs');
  const { zone } = useCurrentUser().site;
  const ms = (value: number) => t('ms', { ms: Math.round(value) });
  const place = (stage: string) => (STAGES.includes(stage) ? STAGES.indexOf(stage) : STAGES.length);
  const stages = Object.entries(receipt.timings).toSorted(([a], [b]) => place(a) - place(b));
  const longest = Math.max(1, ...stages.map(([, value]) => value));
  const said = (name: string) => (typeof receipt[name] === 'string' ? receipt[name] : null);
  const { spans, device } = Said.parse(receipt);
  const provider = said('provider');
  const facts: readonly (readonly [string, string | null])[] = [
    [t('fact.queued'), formatMoment(receipt.queuedAtMs, zone)],
    [t('fact.wait'), receipt.queueWaitMs === null ? null : ms(receipt.queueWaitMs)],
    [t('fact.started'), receipt.startedAtMs === null ? null : formatMoment(receipt.startedAtMs, zone)],
    [t('fact.ended'), formatMoment(receipt.endedAtMs, zone)],
    ...receipt.attempts.map(
      ({ ordinal, startedAtMs, endedAtMs, outcome }) =>
        [
          t('attempt', { ordinal }),
          [
            outcome === null ? null : t([`states.${outcome}`, `app:ai.reason.${outcome}`], { defaultValue: outcome }),
            startedAtMs === null || endedAtMs === null ? t('untried') : ms(endedAtMs - startedAtMs),
          ]
            .filter((part) => part !== null)
            .join(', '),
        ] as const,
    ),
    [
      t('fact.prepared'),
      spans === undefined
        ? null
        : t(spans.prepare.isAhead ? 'preparedAhead' : 'preparedThen', {
            ms: spans.prepare.toMs - spans.prepare.fromMs,
          }),
    ],
    [
      t('fact.provider'),
      provider === null
        ? null
        : [
            t('models:provider.used', { provider: provider.toUpperCase(), version: device?.version ?? '' }).trim(),
            device?.isWhole === false ? t('models:provider.partly') : null,
          ]
            .filter((part) => part !== null)
            .join(', '),
    ],
    [t('fact.onnxruntime'), said('onnxruntimeVersion')],
    [t('fact.preprocessing'), said('preprocessing')],
    [t('fact.postprocessing'), said('postprocessing')],
    ...Object.entries(receipt.machine).map(
      ([name, value]) => [t(`machine.${name}`, { defaultValue: name }), factText(name, value, t)] as const,
    ),
  ];
  return (
    <Section title={t('section.time')}>
      <dl className={classes.stages} aria-label={t('section.time')}>
        {stages.map(([stage, value]) => (
          <div key={stage}>
            <dt>{t(`stage.${stage}`, { defaultValue: stage })}</dt>
            <dd>
              <span className={classes.bar} style={{ width: `${(value / longest) * 100}%` }} aria-hidden />
              <span>{ms(value)}</span>
            </dd>
          </div>
        ))}
      </dl>
      {stages.length === 0 && <p className={page.quiet}>{t('noStage')}</p>}
      <Facts facts={facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))} />
    </Section>
  );
}
