import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DriftLevel } from '../../../../shared/domain/distribution-shift.ts';
import classes from './models.module.css';

/** How far a week has moved from the silent ones, by shape and word; null: no week was judged. */
export function DriftMark({ level }: { readonly level: DriftLevel | null }): ReactNode {
  const { t } = useTranslation('models');
  return (
    <span className={classes.drift} data-level={level ?? 'none'}>
      <i aria-hidden>{{ none: '–', 'too-few': '–', steady: '=', moved: '△', 'moved-far': '▲' }[level ?? 'none']}</i>
      {t(`drift.level.${level ?? 'none'}`)}
    </span>
  );
}
