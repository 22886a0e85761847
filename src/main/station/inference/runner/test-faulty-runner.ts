// The real runner with one thing wrong: which, and for how many runs, says the file named by FAULTY_RUNNER ("step times").
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import * as ort from 'onnxruntime-node';
import '../../../../shared/domain/zod-setup.ts';
import { openStationChannel } from './channel.ts';
import type { RunnerToStation } from '../runner-protocol.ts';

const orders = process.env['FAULTY_RUNNER'] ?? '';

/** The step at which this process does what it should not, while it is due; asking counts it. */
function isDue(step: string): boolean {
  const [wanted, times = '0'] = existsSync(orders) ? readFileSync(orders, 'utf8').split(' ') : [];
  if (wanted !== step || Number(times) < 1) return false;
  writeFileSync(orders, `${wanted} ${Number(times) - 1}`);
  return true;
}

/** As when somebody kills it, or the machine ends it: nothing is said, nothing is cleared away. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

let isRunning = false;

const { rename } = promises;
promises.rename = async (...given) => {
  await rename(...given);
  if (isRunning && isDue('leaving-masks')) die();
};
syncBuiltinESMExports();

type Tensors = Awaited<ReturnType<ort.InferenceSession['run']>>;
const COMPUTING: Readonly<Record<string, (tensors: Tensors) => void>> = {
  computing: die,
  segfault: () => process.kill(process.pid, 'SIGSEGV'),
  hang: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  leak: () => {
    const kept: Buffer[] = [];
    for (;;) kept.push(Buffer.alloc(16 * 2 ** 20, 1));
  },
  throw: () => {
    throw new Error('a model that throws');
  },
  'not-a-number': (tensors) => {
    for (const { data } of Object.values(tensors)) if (data instanceof Float32Array) data.fill(Number.NaN);
  },
};
const create = ort.InferenceSession.create.bind(ort.InferenceSession) as (
  ...given: unknown[]
) => Promise<ort.InferenceSession>;
ort.InferenceSession.create = async (...given: unknown[]) => {
  const session = await create(...given);
  const run = session.run.bind(session) as (...asked: unknown[]) => Promise<Tensors>;
  session.run = async (...asked: unknown[]) => {
    const tensors = await run(...asked);
    for (const [step, fault] of Object.entries(COMPUTING)) if (isRunning && isDue(step)) fault(tensors);
    return tensors;
  };
  return session;
};

const { serveStation } = await import('./serve-station.ts');
const channel = openStationChannel();
const post = (message: RunnerToStation): void => {
  if (message.type === 'finished' && isDue('before-the-answer')) die();
  channel.post(message);
  if (message.type === 'finished' && isDue('after-the-answer')) setImmediate(die);
  if (message.type === 'finished' || message.type === 'failed') isRunning = false;
};
const serve = serveStation(post, () => process.exit(0), new URL('test-faulty-preparer.ts', import.meta.url));
channel.listen(
  (message) => {
    if (message.type === 'start' && isDue('starting')) die();
    if (message.type === 'run') {
      isRunning = true;
      if (isDue('taking-the-run')) die();
    }
    serve(message);
  },
  () => process.exit(65),
);
