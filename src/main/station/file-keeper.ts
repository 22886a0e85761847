import { parentPort, workerData } from 'node:worker_threads';
import { type FileThreadSettings, serveFileWork } from './platform/objects/file-thread.ts';

/** Entry of the thread that digests, seals and writes objects as they arrive. */
if (parentPort === null) throw new Error('the thread of file work is started by the station');
serveFileWork(parentPort, workerData as FileThreadSettings);
