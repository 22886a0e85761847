import '../../../../shared/domain/zod-setup.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { servePreparing } from './serve-preparing.ts';
import type { FromPreparer, PreparerSettings, ToPreparer } from './series-messages.ts';

/** Entry of the runner's thread that reads, decodes and prepares series while another one computes. */
if (parentPort === null) throw new Error('the thread that prepares series is started by the runner');
const port = parentPort;
const serve = servePreparing(workerData as PreparerSettings, (message, transfer) =>
  port.postMessage(message, transfer),
);
port.on('message', (message: ToPreparer) => serve(message));
port.postMessage({ type: 'ready' } satisfies FromPreparer);
