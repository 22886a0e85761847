import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

type Props = {
  readonly title: string;
  /** What its closing button is called. */
  readonly closeLabel: string;
  readonly onClose: () => void;
  /** Wide ones begin at the top; the others stand in the middle. */
  readonly size?: 'lg' | 'xl';
  readonly children: ReactNode;
};

/** Something asked over the page while it is shown. When it goes, the focus is where it was before, or in the page's list where that is gone. */
export function Dialog({ title, closeLabel, onClose, size, children }: Props): ReactNode {
  // Mantine's own way back works only for a dialog that stays mounted while it is closed.
  const [opener] = useState(() => document.activeElement);
  useEffect(() => () => void setTimeout(() => giveBack(opener)), [opener]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': closeLabel }}
      {...(size === undefined ? { centered: true } : { size })}
    >
      {children}
    </Modal>
  );
}

function giveBack(opener: Element | null): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const target = opener?.isConnected && opener !== document.body ? opener : document.querySelector('[role="grid"]');
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}
