import { instanceFromBytes, sendInstances } from '../src/main/station/dicom/scu.ts';
import { type HeadCtStudyWish, makeHeadCtStudy } from './phantoms/head-ct-series.ts';

/** Where the scanner sends, and what it calls itself. */
export type ScannerSettings = {
  readonly host: string;
  readonly port: number;
  readonly callingAe: string;
  readonly calledAe: string;
  readonly signal: AbortSignal;
};

const MOST_TRIES = 5;
const PAUSE_MS = 2_000;

/** A pretend modality: it makes a study and sends it over real DIMSE, again while the station is busy or away. */
export function openCtScanner(settings: ScannerSettings): { send(wish: HeadCtStudyWish): Promise<void> } {
  return {
    async send(wish) {
      const study = makeHeadCtStudy(wish);
      let instances = study.series.flatMap((series) =>
        series.instances.map(({ file }) => {
          const read = instanceFromBytes(file);
          if (!read.ok) throw new Error(`a phantom is no Part-10 file: ${read.error.code}`);
          return read.value;
        }),
      );
      for (let attempt = 1; instances.length > 0 && attempt <= MOST_TRIES && !settings.signal.aborted; attempt += 1) {
        if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        const outcomes = await sendInstances(settings, instances);
        instances = instances.filter((_, index) => outcomes[index]?.state !== 'accepted');
      }
      if (instances.length > 0 && !settings.signal.aborted) {
        process.stderr.write(`demo: ${instances.length} objects of a study were not taken\n`);
      }
    },
  };
}
