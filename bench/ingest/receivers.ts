import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { findPeerProgram } from '../../scripts/debian-peers.ts';
import { freePort } from '../../test/system/support/free-port.ts';
import { startStation, TEST_CONFIG } from '../../test/system/support/start-station.ts';
import { until } from '../../test/system/support/until.ts';

/** A program that receives, started fresh for one pass. */
export type Receiver = {
  readonly pid: number;
  readonly port: number;
  /** Where what it received ends up. */
  readonly folder: string;
  stop(): Promise<void>;
};

export const RECEIVER_NAMES = ['storescp', 'orthanc', 'wetread'] as const;
export type ReceiverName = (typeof RECEIVER_NAMES)[number];

/** The title every receiver answers to, and the one every sender has. */
export const CALLED_AE = 'WETREAD';
export const CALLING_AE = 'MODALITY1';

/** The longest PDU our station takes; the others are given the same. */
const LONGEST_PDU = 131_072;
/** DCMTK, which Orthanc is built on, waits 40 ms an object for an acknowledgement without it. */
export const ENVIRONMENT = { ...process.env, TCP_NODELAY: '1' };

/** How each of them is started over an empty folder. */
export const START: Readonly<Record<ReceiverName, (folder: string, profile: string | null) => Promise<Receiver>>> = {
  /** Writes files and does not sync them; a process for each association, or only one would be served at a time. */
  async storescp(folder) {
    const port = await freePort();
    const args = ['--fork', '--aetitle', CALLED_AE, '--max-pdu', String(LONGEST_PDU), '-od', folder, String(port)];
    const child = spawn(findPeerProgram('storescp') ?? 'storescp', args, { env: ENVIRONMENT, stdio: 'ignore' });
    return ready(child, port, folder);
  },

  /** As shipped: SQLite index, files synced, nothing compressed; no plugin. */
  async orthanc(folder) {
    const port = await freePort();
    const file = path.join(folder, 'orthanc.json');
    const db = path.join(folder, 'db');
    mkdirSync(db);
    writeFileSync(
      file,
      JSON.stringify({
        ...{ Name: 'bench', StorageDirectory: db, IndexDirectory: db, StorageCompression: false, Plugins: [] },
        ...{ HttpPort: await freePort(), DicomPort: port, DicomAet: CALLED_AE, RemoteAccessAllowed: false },
        ...{ AuthenticationEnabled: false, DicomAlwaysAllowStore: true, MaximumPduLength: LONGEST_PDU },
      }),
    );
    const child = spawn(findPeerProgram('Orthanc') ?? 'Orthanc', [file], { env: ENVIRONMENT, stdio: 'ignore' });
    return ready(child, port, db);
  },

  /** As shipped, with its reader threads, its runner and everything that follows the ledger. */
  async wetread(folder, profile) {
    const { dicom } = TEST_CONFIG;
    const station = await startStation({
      data: path.join(folder, 'data'),
      config: { dicom },
      env: {
        TCP_NODELAY: '1',
        ...(profile !== null && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }),
      },
    });
    return {
      ...{ pid: station.pid, port: station.dicom.port, folder: path.join(folder, 'data', 'objects') },
      stop: async () => void (await station.stop()),
    };
  },
};

async function ready(child: ChildProcess, port: number, folder: string): Promise<Receiver> {
  if (child.pid === undefined) throw new Error('a receiver did not start');
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.once('exit', () => child.kill('SIGKILL'));
  await until(() => answers(port));
  return {
    ...{ pid: child.pid, port, folder },
    async stop() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
