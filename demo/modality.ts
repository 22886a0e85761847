import { setTimeout as pause } from 'node:timers/promises';
import { instanceFromBytes, type OutgoingInstance, sendInstances } from '../src/main/station/dicom/scu.ts';
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
 * for good is not sent again. While the modalities are gone it waits until they are back; slow ones pause before each object; one that
 * refuses breaks off in the middle of an object halfway through, and sends the rest once it is mended.
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
    await switches.untilNot('gone', 'modalities', signal);
    const state = switches.state('modalities');
    const breaksAt = state === 'refuse' ? Math.floor(open.length / 2) : open.length;
    const paced = open.map((instance, index) => ({
      ...instance,
      ...(index === breaksAt && { dataSet: () => brokenOff(instance) }),
      ...(state === 'slow' && {
        async *dataSet() {
          await pause(SLOW_MS);
          yield* instance.dataSet();
        },
      }),
    }));
    let settled = 0;
    const outcomes = await sendInstances(
      settings,
      paced,
      () => void (settled += 1),
      () => settled <= breaksAt,
    );
    // Mended, it sends the rest.
    if (state === 'refuse') await switches.untilNot('refuse', 'modalities', signal);
    open = open.filter((_, index) => {
      const outcome = outcomes[index];
      if (outcome?.state === 'refused' && !outcome.isTransient) refused += 1;
      return outcome?.state !== 'accepted' && !(outcome?.state === 'refused' && !outcome.isTransient);
    });
  }
  return refused + open.length;
}

/** Half of an object, and then nothing more: the association ends there (PS3.8 §9.3.8). */
async function* brokenOff({ dataSet }: OutgoingInstance): AsyncGenerator<Uint8Array> {
  for await (const part of dataSet()) {
    yield part.subarray(0, Math.floor(part.length / 2));
    throw new Error('the machine breaks off');
  }
}
