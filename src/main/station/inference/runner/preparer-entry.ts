import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');
const folder = path.dirname(fileURLToPath(import.meta.url));
/** Bundled, what several programs share stands one folder below them. */
const here = !isSource && path.basename(folder) === 'chunks' ? path.dirname(folder) : folder;

/** The file that the runner's thread of preparing series runs, from source or bundled. */
export const PREPARER_ENTRY = pathToFileURL(path.join(here, isSource ? 'preparer.ts' : 'preparer.js'));
