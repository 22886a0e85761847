import type { ReactNode } from 'react';
import { useAnnouncement } from '../ui/announcer.ts';
import hidden from '../ui/Unseen.module.css';

/** Speaks what `announce` is given; one stands on every page and in every window. */
export function Announcer(): ReactNode {
  const { text } = useAnnouncement();
  return (
    <div className={hidden.unseen} aria-live="polite" role="status">
      {text}
    </div>
  );
}
