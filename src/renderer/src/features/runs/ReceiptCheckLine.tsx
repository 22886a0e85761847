import { IconAlertTriangle, IconLink, IconUnlink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReceiptCheckCard } from '../../../../shared/contract/runs.ts';
import page from '../../ui/Page.module.css';
import classes from './runs.module.css';

/** Whether the receipt is the one whose digest stands in the ledger: in words, and loud where it is not. */
export function ReceiptCheckLine({ check }: { readonly check: ReceiptCheckCard }): ReactNode {
  const { t } = useTranslation('runs');
  const text = t(`check.${check.state}`, { seq: check.seq });
  switch (check.state) {
    case 'unchanged':
      return (
        <p className={classes.check}>
          <IconLink size={15} aria-hidden /> {text}
        </p>
      );
    case 'changed':
      return (
        <p className={page.bad} role="alert">
          <IconAlertTriangle size={15} aria-hidden /> {text}
        </p>
      );
    case 'not-in-ledger':
      return (
        <p className={page.warn}>
          <IconUnlink size={15} aria-hidden /> {text}
        </p>
      );
  }
}
