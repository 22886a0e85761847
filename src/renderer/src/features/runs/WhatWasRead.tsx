import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { RunId } from '../../../../shared/domain/ids.ts';
import type { Receipt } from '../../../../shared/domain/receipt.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { Facts } from '../../ui/Facts.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import classes from './runs.module.css';

const Geometry = z.object({
  slices: z.number(),
  rows: z.number(),
  columns: z.number(),
  minSpacingMm: z.number().nullable(),
  maxSpacingMm: z.number().nullable(),
  tiltDegrees: z.number(),
  grid: z.object({ samples: z.number(), atOnce: z.number().optional() }).optional(),
});

/** The series a run read and why, what it was given beside it, what else it could have read, and every image by digest. */
export function WhatWasRead({ receipt }: { readonly receipt: Receipt }): ReactNode {
  const { t } = useTranslation('runs');
  const [isOpen, setOpen] = useState(false);
  const { series, inputs } = receipt;
  const geometry = Geometry.safeParse(receipt['geometry']);
  return (
    <Section title={t('section.read')}>
      <Facts
        facts={[
          [
            t('fact.series'),
            <code key="s" className={classes.digest}>
              {series.seriesUid}
            </code>,
          ],
          [t('fact.because'), series.because.join(', ')],
          [t('fact.inputs'), t('inputs', { count: inputs.length })],
          ...(geometry.success ? [[t('fact.geometry'), geometryText(geometry.data, t)] as const] : []),
          ...(geometry.data?.grid === undefined ? [] : [[t('fact.given'), givenText(geometry.data.grid, t)] as const]),
        ]}
      />
      <Beside receipt={receipt} />
      <h3 className={page.heading}>{t('others')}</h3>
      {series.others.length === 0 && <p className={page.quiet}>{t('noOthers')}</p>}
      {series.others.map((other) => (
        <p key={other.seriesUid} className={page.quiet}>
          <code className={classes.digest}>{other.seriesUid}</code> {other.because.join(', ')}
        </p>
      ))}
      {series.refused.length > 0 && (
        <>
          <h3 className={page.heading}>{t('refused')}</h3>
          {series.refused.map(({ seriesUid, reason }) => (
            <p key={seriesUid} className={page.quiet}>
              <code className={classes.digest}>{seriesUid}</code>{' '}
              {t(`refusedBecause.${reason}`, { defaultValue: reason })}
            </p>
          ))}
        </>
      )}
      <div className={page.actions}>
        <Button size="compact-sm" variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t(isOpen ? 'hideInputs' : 'showInputs')}
        </Button>
      </div>
      {isOpen && (
        <DataTable label={t('fact.inputs')} columns={[t('sop'), t('digest')]}>
          {inputs.map(({ sopUid, digest }) => (
            <tr key={sopUid}>
              <td data-number>{sopUid}</td>
              <td>
                <code className={classes.digest}>{digest}</code>
              </td>
            </tr>
          ))}
        </DataTable>
      )}
    </Section>
  );
}

/** Other series it was given, what other models said of the study, and whose answer it lacked; nothing where it needs none. */
function Beside({ receipt: { beside, needs = [] } }: { readonly receipt: Receipt }): ReactNode {
  const { t } = useTranslation('runs');
  const { otherSeries = [], fed = [] } = beside ?? {};
  return (
    <>
      {otherSeries.length > 0 && <h3 className={page.heading}>{t('besideSeries')}</h3>}
      {otherSeries.map(({ id, seriesUid, inputs }) => (
        <p key={id} className={page.quiet}>
          {id}: <code className={classes.digest}>{seriesUid}</code> {t('inputs', { count: inputs.length })}
        </p>
      ))}
      {fed.length > 0 && <h3 className={page.heading}>{t('fed')}</h3>}
      {fed.map(({ id, runId }) => (
        <p key={id} className={page.quiet}>
          {id}:{' '}
          <Link to="/runs/$runId" params={{ runId: RunId.parse(runId) }}>
            {t('fedBy')}
          </Link>
        </p>
      ))}
      {needs.length > 0 && <p className={page.warn}>{t('needs', { count: needs.length, models: needs.join(', ') })}</p>}
    </>
  );
}

/** How much the model was given, and how much of it at once. */
function givenText(
  { samples, atOnce }: { readonly samples: number; readonly atOnce?: number | undefined },
  t: TFunction,
) {
  return [t('samples', { count: samples }), atOnce === undefined ? null : t('atOnce', { count: atOnce })]
    .filter((part) => part !== null)
    .join(', ');
}

/** Images have no steps between them, and are told by their number and size alone. */
function geometryText(geometry: z.infer<typeof Geometry>, t: TFunction): string {
  const { minSpacingMm: min, maxSpacingMm: max, tiltDegrees } = geometry;
  if (min === null || max === null) return t('images', geometry);
  return t('slices', { ...geometry, min: round(min), max: round(max), tilt: round(tiltDegrees) });
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
