import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPart10Header } from '../src/main/station/dicom/part10.ts';
import type { SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';
import { readSourceFrames } from '../src/main/station/inference/runner/read-source-frames.ts';

/** A real series, which shipped models are for it, and which were tuned with a look at it. */
const REAL = [
  {
    name: 'ct-head-ge',
    packed: false,
    models: ['head-ct-hyperdense', 'ct-series-quality'],
    tuned: ['head-ct-hyperdense', 'ct-series-quality'],
  },
  {
    name: 'ct-chest-lungfcp',
    packed: true,
    models: ['chest-ct-nodules', 'ct-series-quality'],
    tuned: ['ct-series-quality'],
  },
] as const;
const SOURCE = {
  arrangement: 'volume',
  values: 'rescaled',
  photometric: 'bright-is-high',
  colour: 'grey',
  paddingValue: -1024,
} as const;

/** The real series in a folder that a model is for, one after the other; none where the folder is not there. */
export async function* readRealSeries(
  data: string,
  model: string,
): AsyncGenerator<{ readonly name: string; readonly wasLookedAt: boolean; readonly frames: readonly SourceFrame[] }> {
  for (const { name, packed, models, tuned } of REAL) {
    const folder = path.join(data, name);
    if (!existsSync(folder) || !(models as readonly string[]).includes(model)) continue;
    const unpacked = packed ? mkdtempSync(path.join(tmpdir(), 'wetread-series-')) : folder;
    if (packed) execFileSync('tar', ['xJf', path.join(folder, 'series.tar.xz'), '-C', unpacked]);
    const frames: SourceFrame[] = [];
    const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.dcm'));
    for (const one of files) {
      const file = readFileSync(path.join(unpacked, one));
      const header = readPart10Header(file);
      if (!header.ok) throw new Error(header.error.code);
      const { sopInstanceUid: sopUid, transferSyntaxUid } = header.value;
      const read = await readSourceFrames(file, { sopUid, transferSyntaxUid }, SOURCE);
      if (!read.ok) throw new Error(read.error.code);
      frames.push(...read.value.frames);
    }
    if (packed) rmSync(unpacked, { recursive: true, force: true });
    yield { name, wasLookedAt: (tuned as readonly string[]).includes(model), frames };
  }
}
