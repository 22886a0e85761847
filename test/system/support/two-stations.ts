import path from 'node:path';
import { freePort } from './free-port.ts';
import { type RunningStation, startStation, temporaryFolder, TEST_CONFIG } from './start-station.ts';

/** A reading station and the archive behind it, each a demo station of its own that knows the other. */
export type TwoStations = {
  readonly reading: RunningStation;
  readonly archive: RunningStation;
  /** Starts one of them again, on its data and its port. */
  restart(which: 'reading' | 'archive'): Promise<RunningStation>;
};

/** Starts both, each naming the other in its configuration; `ofReading`: what the reading station is configured with besides. */
export async function startTwoStations(ofReading: { readonly site?: object } = {}): Promise<TwoStations> {
  const titles = { reading: 'WETREAD', archive: 'PACS' } as const;
  const ports = { reading: await freePort(), archive: await freePort() } as const;
  const data = {
    reading: path.join(temporaryFolder(), 'data'),
    archive: path.join(temporaryFolder(), 'data'),
  } as const;
  const start = async (which: 'reading' | 'archive'): Promise<RunningStation> => {
    const other = which === 'reading' ? 'archive' : 'reading';
    const peer = {
      ...{ aeTitle: titles[other], address: '127.0.0.1', host: '127.0.0.1', port: ports[other] },
      ...{ isArchive: which === 'reading', services: ['store', 'query', 'retrieve', 'commit'] },
    };
    const gone = { aeTitle: 'GONE', host: '127.0.0.1', port: 1 };
    const peers = [...TEST_CONFIG.dicom.peers, peer, ...(which === 'reading' ? [gone] : [])];
    return startStation({
      ...{ demo: true, data: data[which], args: ['--dicom-port', String(ports[which])] },
      config: {
        ...TEST_CONFIG,
        ...(which === 'reading' && ofReading),
        dicom: { ...TEST_CONFIG.dicom, aeTitle: titles[which], peers },
      },
    });
  };
  const [reading, archive] = await Promise.all([start('reading'), start('archive')]);
  return { reading, archive, restart: start };
}
