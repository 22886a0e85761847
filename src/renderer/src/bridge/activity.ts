import { client } from './client.ts';
import { leaveWhenSignedOut } from './queries.ts';

const AT_MOST_EVERY_MS = 60_000;
const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const;

/** Tells the station at a person's input, at most once a minute, that somebody is there: nothing else keeps the session. Returns how to stop. */
export function tellOfInput(): () => void {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const onInput = () => {
    if (Date.now() - toldAtMs < AT_MOST_EVERY_MS) return;
    toldAtMs = Date.now();
    client.sessions.touch().catch(leaveWhenSignedOut);
  };
  // Captured, so that a viewer which keeps its input to itself counts too.
  const how = { capture: true, passive: true };
  for (const input of INPUTS) window.addEventListener(input, onInput, how);
  return () => {
    for (const input of INPUTS) window.removeEventListener(input, onInput, how);
  };
}
