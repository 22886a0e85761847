import { createExportWorker, createImportWorker, type ImportWorker, type MediaFolder } from '../../archive/index.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { SHIPPED_POLICY } from '../../testing/deadlines.ts';
import { openTestReaders } from '../../testing/readers.ts';
import { createServices } from '../services/create-services.ts';
import type { StationServices } from '../services.ts';
import { startTestStation, type TestStation } from '../test-station.ts';

/** A clinic whose north site is asked over the web, all the way down to its files. */
export type WebClinic = {
  readonly clinic: Clinic;
  readonly station: TestStation;
  readonly services: StationServices;
  readonly token: string;
  readonly imports: ImportWorker;
  close(): Promise<void>;
};

/** Opens one; the token is a service's. People may import from and export to the folders given. */
export async function openWebClinic(folders: readonly MediaFolder[] = []): Promise<WebClinic> {
  const clinic = openClinic();
  const { archive, store, db, keys } = clinic;
  const readers = openTestReaders(store.settings);
  const unused = () => {
    throw new Error('not asked for over DICOMweb');
  };
  const { log } = clinic;
  const media = {
    imports: createImportWorker(archive, folders, log),
    exports: createExportWorker(archive, archive.objects, folders, log),
  };
  const services = createServices({
    media,
    ...{ db, objects: archive.objects, clock: archive.clock, readers, checkpoints: '/nowhere', publicKeyPem: '' },
    retrievals: { notify: unused, cancel: unused },
    deliveries: { notify: unused },
    supervisor: { state: () => ({ state: 'stopped' }) },
    atRest: {
      keys: { ids: keys.ids, madeAtMs: unused },
      ...{ integrity: { verify: unused }, rotation: { rotate: unused, latest: unused }, mainSiteId: '' },
      verifyEveryDays: 30,
    },
    keeping: null as never,
    coverage: { leastShare: 0.95, days: 7, leastStudies: 20 },
    driftSuspends: false,
    triagePolicy: SHIPPED_POLICY,
    dicomweb: { archive, comparisonSenders: [], objectAnswered: () => undefined, threads: readers, log },
    status: unused,
    health: () => ({ ready: true, reasons: [] }),
  });
  const station = await startTestStation(services, archive.clock, { store, site: clinic.north });
  return {
    ...{ clinic, station, services, imports: media.imports, token: await station.token('service') },
    async close() {
      await media.imports.stop();
      await media.exports.stop();
      await station.stop();
      await readers.close();
      clinic.close();
    },
  };
}
