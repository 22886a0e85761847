import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The programs of other makers that `npm run test:peers` speaks with, and the Debian package each comes from. */
export const DEBIAN_PEERS: Readonly<Record<string, string>> = {
  echoscu: 'dcmtk',
  storescu: 'dcmtk',
  storescp: 'dcmtk',
  dcmdump: 'dcmtk',
  dcmconv: 'dcmtk',
  dcmcjpeg: 'dcmtk',
  dcmodify: 'dcmtk',
  dcmj2pnm: 'dcmtk',
  dcml2pnm: 'dcmtk',
  dcmsend: 'dcmtk',
  findscu: 'dcmtk',
  getscu: 'dcmtk',
  movescu: 'dcmtk',
  dcmqrscp: 'dcmtk',
  Orthanc: 'orthanc',
  dciodvfy: 'dicom3tools',
};

/** Debian's own Python, which has Debian's libraries; another one of the machine may not. */
export const DEBIAN_PYTHON = '/usr/bin/python3';

/** Python's modules that pixels and their preparing are held against, and the Debian package each comes from. */
const PYTHON_MODULES: Readonly<Record<string, string>> = {
  pydicom: 'python3-pydicom',
  gdcm: 'python3-gdcm',
  numpy: 'python3-numpy',
  scipy: 'python3-scipy',
  PIL: 'python3-pil',
};

/** Python's modules that this machine lacks, each with its package. */
export function missingPythonModules(): readonly string[] {
  return Object.entries(PYTHON_MODULES)
    .filter(([name]) => spawnSync(DEBIAN_PYTHON, ['-c', `import ${name}`]).status !== 0)
    .map(([name, debianPackage]) => `${name} (${debianPackage})`);
}

/** Where a peer's program is, or null; daemons are looked for outside a person's PATH too. */
export function findPeerProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => path.join(folder, name)).find(isExecutable) ?? null;
}

/** The peers' programs and modules that this machine lacks, each with its package. */
export function missingPeers(): readonly string[] {
  const programs = Object.entries(DEBIAN_PEERS)
    .filter(([name]) => findPeerProgram(name) === null)
    .map(([name, debianPackage]) => `${name} (${debianPackage})`);
  return [...programs, ...missingPythonModules()];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // absent, or not ours to run: no peer either way
  }
}
