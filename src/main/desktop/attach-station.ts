import { net } from 'electron';
import { findLivingStation } from './attach.ts';
import type { Shell } from './shell.ts';
import { shellRefusalWords } from './words.ts';

/** Opens the window on a station that runs as a service, once it says that it lives. */
export async function attachStation(origin: string, shell: Shell): Promise<void> {
  shell.say('Wetread: attached to a station');
  for (;;) {
    // Electron's fetch trusts the certificates this machine trusts; Node's does not know them.
    const living = await findLivingStation(origin, (url, init) => net.fetch(url, init));
    if (living.ok) return shell.stationIsReady(living.value);
    const { code } = living.error;
    if (!(await shell.refuse(code, shellRefusalWords(code)))) return;
  }
}
