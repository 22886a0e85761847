import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');
const folder = path.dirname(fileURLToPath(import.meta.url));
/** Bundled, what several programs share stands one folder below them. */
const here = !isSource && path.basename(folder) === 'chunks' ? path.dirname(folder) : folder;
/** The program's root: of the repository, or of the packaged app. */
const root = isSource ? path.resolve(here, '../../..') : path.resolve(here, '../..');
const entry = (source: string, bundled: string) => (isSource ? path.join(root, source) : path.join(here, bundled));

/** Where the program's own files are, run from source or bundled. */
export const PROGRAM = {
  version: (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version,
  runnerEntry: entry('src/main/station/inference/runner/index.ts', 'runner.js'),
  readerEntry: pathToFileURL(entry('src/main/station/reader.ts', 'reader.js')),
  fileKeeperEntry: pathToFileURL(entry('src/main/station/file-keeper.ts', 'file-keeper.js')),
  hospitalEntry: entry('demo/hospital.ts', 'hospital.js'),
  pageFolder: path.join(root, 'out/renderer'),
  resources: path.join(root, 'resources'),
} as const;
