import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CacheStatus } from '../../../../shared/contract/keeping.ts';
import { Facts } from '../../ui/Facts.tsx';
import { formatBytes } from '../../ui/bytes.ts';
import { Section } from '../../ui/Section.tsx';
import classes from './storage.module.css';

const TONES = { enough: undefined, low: 'warn', refusing: 'bad', full: 'bad', unknown: 'warn' } as const;
const MARKS = ['lowBytes', 'refuseBytes', 'fullBytes'] as const;

/** How full the disk is, against the marks at which the station begins to warn and to refuse. */
export function DiskGauge({ disk }: { readonly disk: CacheStatus['disk'] }): ReactNode {
  const { t } = useTranslation('storage');
  const { freeBytes, totalBytes, state } = disk;
  const share = (bytes: number) => (totalBytes === 0 ? 0 : (100 * (totalBytes - bytes)) / totalBytes);
  const used = Math.round(share(freeBytes));
  const tone = TONES[state];
  return (
    <Section title={t('disk.title')}>
      <div
        role="meter"
        className={classes.gauge}
        aria-label={t('disk.used')}
        aria-valuenow={used}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className={classes.used} data-tone={tone} style={{ width: `${share(freeBytes)}%` }} />
        {MARKS.map((mark) => (
          <i key={mark} className={classes.mark} style={{ left: `min(${share(disk[mark])}%, calc(100% - 2px))` }} />
        ))}
      </div>
      <Facts
        facts={[
          [
            t('disk.now'),
            <span key="state" className={classes.state} data-tone={tone}>
              {t(`disk.state.${state}`)}
            </span>,
          ],
          [t('disk.free'), t('disk.freeOf', { free: formatBytes(freeBytes), total: formatBytes(totalBytes), used })],
          ...MARKS.map(
            (mark) =>
              [
                t(`disk.mark.${mark}`),
                freeBytes < disk[mark]
                  ? t('disk.passed', { mark: formatBytes(disk[mark]) })
                  : t('disk.away', { mark: formatBytes(disk[mark]), left: formatBytes(freeBytes - disk[mark]) }),
              ] as const,
          ),
        ]}
      />
    </Section>
  );
}
