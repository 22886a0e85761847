import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { findPeerProgram } from '../../../scripts/debian-peers.ts';
import { freePort } from '../../system/support/free-port.ts';
import { temporaryFolder } from '../../system/support/start-station.ts';
import { until } from '../../system/support/until.ts';

/** An Orthanc that runs, and its REST side. */
export type RunningOrthanc = {
  readonly dicomPort: number;
  /** Asks it over REST; throws where it does not answer 200. */
  ask<Answer>(address: string, init?: { readonly method?: string; readonly body?: unknown }): Promise<Answer>;
  /** Whether it still answers; once it does not, it has ended. */
  isThere(): Promise<boolean>;
  stop(): Promise<void>;
};

/**
 * Starts an Orthanc on loopback that calls itself ORTHANC and knows the station as the modality `wetread` at a port. What
 * it took stays in the folder for the next one.
 */
export async function startOrthanc(stationPort: number, folder: string = temporaryFolder()): Promise<RunningOrthanc> {
  const [httpPort, dicomPort] = [await freePort(), await freePort()];
  const file = path.join(folder, 'orthanc.json');
  writeFileSync(
    file,
    JSON.stringify({
      ...{ Name: 'peer', StorageDirectory: path.join(folder, 'db'), IndexDirectory: path.join(folder, 'db') },
      ...{ HttpPort: httpPort, DicomPort: dicomPort, DicomAet: 'ORTHANC', RemoteAccessAllowed: false },
      ...{ AuthenticationEnabled: false, Plugins: [], StorageCompression: false },
      DicomModalities: { wetread: ['WETREAD', '127.0.0.1', stationPort] },
    }),
  );
  const child: ChildProcess = spawn(findPeerProgram('Orthanc') ?? 'Orthanc', [file], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const http = `http://127.0.0.1:${httpPort}`;
  const answers = async () => (await fetch(`${http}/system`).catch(() => null))?.ok === true;
  await until(answers, 100);
  return {
    dicomPort,
    async isThere() {
      if (await answers()) return true;
      await ended;
      return false;
    },
    async ask<Answer>(address: string, { method = 'GET', body }: { method?: string; body?: unknown } = {}) {
      const isFile = body instanceof Uint8Array;
      const sent = isFile ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body);
      const answer = await fetch(`${http}${address}`, { method, ...(body !== undefined && { body: sent }) });
      if (!answer.ok) throw new Error(`Orthanc answered ${answer.status} to ${method} ${address}`);
      const text = await answer.text();
      return (text === '' ? null : JSON.parse(text)) as Answer;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended; // perhaps by itself, before
    },
  };
}
