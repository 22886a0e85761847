import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import page from './Page.module.css';

type Props = {
  readonly confirm: string;
  readonly cancel: string;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly isPending: boolean;
  readonly isDisabled?: boolean;
  /** What cannot be taken back is confirmed in another colour. */
  readonly isFinal?: boolean;
};

/** What a dialog ends with: doing what it asks, or leaving everything as it is. */
export function DialogActions(props: Props): ReactNode {
  const { confirm, cancel, onConfirm, onCancel, isPending, isDisabled = false, isFinal = false } = props;
  return (
    <div className={page.actions}>
      <Button {...(isFinal && { color: 'red.9' })} loading={isPending} disabled={isDisabled} onClick={onConfirm}>
        {confirm}
      </Button>
      <Button variant="default" onClick={onCancel}>
        {cancel}
      </Button>
    </div>
  );
}
