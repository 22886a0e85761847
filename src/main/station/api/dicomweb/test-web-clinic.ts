import { openReaderPool } from '../../platform/store/reader-pool.ts';
import type { READER_TASKS } from '../../reader.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { createServices } from '../services/create-services.ts';
import type { Readers } from '../services/readers.ts';
import type { StationServices } from '../services.ts';
import { startTestStation, type TestStation } from '../test-station.ts';

/** A clinic whose north site is asked over the web, all the way down to its files. */
export type WebClinic = {
  readonly clinic: Clinic;
  readonly station: TestStation;
  readonly services: StationServices;
  readonly token: string;
  close(): Promise<void>;
};

/** Opens one; the token is a service's. */
export async function openWebClinic(): Promise<WebClinic> {
  const clinic = openClinic();
  const { archive, store, db, keys } = clinic;
  const readers: Readers = openReaderPool<typeof READER_TASKS>(
    new URL('../../reader.ts', import.meta.url),
    store.settings,
  );
  const unused = () => {
    throw new Error('not asked for over DICOMweb');
  };
  const services = createServices({
    ...{ db, objects: archive.objects, clock: archive.clock, readers, checkpoints: '/nowhere', publicKeyPem: '' },
    retrievals: { notify: unused, cancel: unused },
    atRest: { keys, integrity: { verify: unused }, rotation: { rotate: unused, latest: unused } },
    keeping: null as never,
    dicomweb: { archive, comparisonSenders: [], objectAnswered: () => undefined, threads: readers },
    status: unused,
    health: () => ({ ready: true, reasons: [] }),
  });
  const station = await startTestStation(services, archive.clock, { store, site: clinic.north });
  return {
    ...{ clinic, station, services, token: await station.token('service') },
    async close() {
      await station.stop();
      await readers.close();
      clinic.close();
    },
  };
}
