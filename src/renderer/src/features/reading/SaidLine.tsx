import { type ReactNode, useEffect, useState } from 'react';
import { useAnnouncement } from '../../ui/announcer.ts';
import classes from './reading.module.css';

const SHOWN_MS = 3500;

/** Shows for a moment what a key did, or why it did nothing, to those who look; a screen reader hears it from the shell. */
export function SaidLine(): ReactNode {
  const { text } = useAnnouncement();
  const [quiet, setQuiet] = useState(text);
  useEffect(() => {
    if (text === quiet) return;
    const timer = setTimeout(() => setQuiet(text), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [text, quiet]);
  if (text === quiet) return null;
  return (
    <div className={classes.said} aria-hidden data-said>
      {text}
    </div>
  );
}
