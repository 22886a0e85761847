import { setTimeout as pause } from 'node:timers/promises';
import { instanceFromBytes, sendInstances } from '../src/main/station/dicom/scu.ts';
import type { DemoInstance } from './phantoms/study-objects.ts';
import type { Switchboard } from './switchboard.ts';

/** Where a machine sends, and what it calls itself. */
export type ModalitySettings = {
  readonly host: string;
  readonly port: number;
  readonly callingAe: string;
  readonly calledAe: string;
  readonly signal: AbortSignal;
  readonly switches: Switchboard;
};

const MOST_TRIES = 5;
const PAUSE_MS = 2_000;
const SLOW_MS = 700;

/**
 * Sends objects over real DIMSE, again while the station is busy or away, and says how many were not taken. What was refused
 * for good is not sent again. While the modalities are gone it waits until they are back; slow ones pause before each object.
 */
export async function sendFrom(settings: ModalitySettings, sent: readonly DemoInstance[]): Promise<number> {
  const { signal, switches } = settings;
  let open = sent.map(({ file }) => {
    const read = instanceFromBytes(file);
    if (!read.ok) throw new Error(`a phantom is no Part-10 file: ${read.error.code}`);
    return read.value;
  });
  let refused = 0;
  for (let attempt = 1; open.length > 0 && attempt <= MOST_TRIES && !signal.aborted; attempt += 1) {
    if (attempt > 1) await pause(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    await switches.whilePresent('modalities', signal);
    const isSlow = switches.state('modalities') === 'slow';
    const paced = open.map((instance) => ({
      ...instance,
      ...(isSlow && {
        async *dataSet() {
          await pause(SLOW_MS);
          yield* instance.dataSet();
        },
      }),
    }));
    const outcomes = await sendInstances({ ...settings }, paced);
    open = open.filter((_, index) => {
      const outcome = outcomes[index];
      if (outcome?.state === 'refused' && !outcome.isTransient) refused += 1;
      return outcome?.state !== 'accepted' && !(outcome?.state === 'refused' && !outcome.isTransient);
    });
  }
  return refused + open.length;
}
