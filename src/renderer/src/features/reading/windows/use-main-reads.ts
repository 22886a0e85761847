import { useEffect, useState } from 'react';
import type { MainReads } from './standing.ts';
import { openWindowLine } from './window-messages.ts';

const ANSWER_WITHIN_MS = 3000;
const ASK_EVERY_MS = 4000;

/** What the main window reads: asked again and again, told when it changes, and silent when nobody answers any more: a page that was closed or loaded anew says no farewell. */
export function useMainReads(main: string): MainReads {
  const [reads, setReads] = useState<MainReads>({ state: 'asked' });
  useEffect(() => {
    const hear = (next: MainReads) => setReads((now) => (JSON.stringify(now) === JSON.stringify(next) ? now : next));
    let isAnswered = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const line = openWindowLine(main, (message) => {
      if (message.kind !== 'reading' && message.kind !== 'not-reading') return;
      isAnswered = true;
      hear(
        message.kind === 'reading'
          ? { state: 'reading', studyId: message.studyId, patientId: message.patientId }
          : { state: 'nothing' },
      );
    });
    const ask = () => {
      isAnswered = false;
      line.tell({ kind: 'who', main });
      clearTimeout(timer);
      // One that reads nothing has nothing to answer.
      timer = setTimeout(() => {
        if (!isAnswered) setReads((now) => (now.state === 'nothing' ? now : { state: 'silent' }));
      }, ANSWER_WITHIN_MS);
    };
    ask();
    const again = setInterval(ask, ASK_EVERY_MS);
    globalThis.addEventListener('focus', ask);
    return () => {
      clearTimeout(timer);
      clearInterval(again);
      globalThis.removeEventListener('focus', ask);
      line.close();
    };
  }, [main]);
  return reads;
}
