import { describeInstance } from '../../../src/main/station/dicom/dataset/describe-instance.ts';
import { toDicomJson } from '../../../src/main/station/dicom/dataset/dicom-json.ts';
import { bytesReader, findPixelData } from '../../../src/main/station/dicom/dataset/find-pixel-data.ts';
import { readDataset } from '../../../src/main/station/dicom/dataset/read-dataset.ts';
import { framePresentation } from '../../../src/main/station/dicom/pixel/frame-presentation.ts';
import { openFrames } from '../../../src/main/station/dicom/pixel/read-frames.ts';
import { renderFrame } from '../../../src/main/station/dicom/pixel/render-frame.ts';
import type { Seed } from './seeds.ts';

/** Takes a data set through everything that reads: parse, description, JSON, frames, decoders, rendering. A throw is a bug. */
export async function readEverything({ bytes, transferSyntaxUid }: Seed): Promise<void> {
  const whole = readDataset(bytes, transferSyntaxUid);
  if (whole.ok) {
    describeInstance(whole.value);
    JSON.stringify(toDicomJson(whole.value, { pixelDataUri: 'x' }));
  }
  const found = await findPixelData(bytesReader(bytes), transferSyntaxUid);
  if (found.ok) describeInstance(found.value.dataset);
  const frames = await openFrames(bytesReader(bytes), transferSyntaxUid);
  if (!frames.ok) return;
  for (const frame of new Set([0, frames.value.count - 1])) {
    const encoded = await frames.value.read(frame);
    if (encoded !== null) await renderFrame(encoded, framePresentation(frames.value.dataset, frame));
  }
}
