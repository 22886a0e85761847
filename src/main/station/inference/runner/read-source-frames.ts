import type { ModelSource } from '../../../../shared/domain/model-preprocessing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { Dataset } from '../../dicom/dataset/dataset.ts';
import { bytesReader } from '../../dicom/dataset/find-pixel-data.ts';
import { type FrameGeometry, frameGeometry } from '../../dicom/dataset/frame-geometry.ts';
import { number, text } from '../../dicom/dataset/values.ts';
import { readPart10Header } from '../../dicom/part10.ts';
import { decodeFrame } from '../../dicom/pixel/decode-frame.ts';
import { type FramePresentation, framePresentation } from '../../dicom/pixel/frame-presentation.ts';
import { openFrames } from '../../dicom/pixel/read-frames.ts';
import type { InstanceReference } from '../runner-protocol.ts';
import type { FramePlace, SourceFrame } from './prepared-grid.ts';
import { readSourceFacts, type SourceFacts } from './source-facts.ts';
import { sourceValues } from './source-values.ts';

/** What one stored object gives a model. */
export type SourceObject = { readonly frames: readonly SourceFrame[]; readonly facts: SourceFacts };

export type SourceFailure = {
  readonly code: 'object-damaged' | 'not-decodable' | 'not-calibrated' | 'too-many-slices' | 'stopped';
};

/**
 * Reads one stored object (a Part-10 file), every frame of it, in any transfer syntax that is accepted, with values as `source`
 * asks. An object that holds another SOP instance than referenced counts as damaged. One with more than `mostFrames` is refused
 * before anything is decoded. It computes for 5 to 30 ms a frame, and asks before each whether to stop.
 */
export async function readSourceFrames(
  file: Uint8Array,
  reference: Pick<InstanceReference, 'sopUid' | 'transferSyntaxUid'>,
  source: ModelSource,
  mostFrames: number = Number.POSITIVE_INFINITY,
  isStopping: () => boolean = () => false,
  room?: (length: number) => Int16Array,
): Promise<Result<SourceObject, SourceFailure>> {
  const header = readPart10Header(file);
  if (!header.ok || header.value.transferSyntaxUid !== reference.transferSyntaxUid)
    return err({ code: 'object-damaged' });
  const reader = bytesReader(file.subarray(header.value.dataSetOffset));
  const opened = await openFrames(reader, reference.transferSyntaxUid);
  if (!opened.ok) return err({ code: 'object-damaged' });
  const { dataset, count, read } = opened.value;
  if (text(dataset, 'SOPInstanceUID') !== reference.sopUid) return err({ code: 'object-damaged' });
  if (count > mostFrames) return err({ code: 'too-many-slices' });
  const frames: SourceFrame[] = [];
  for (let index = 0; index < count; index += 1) {
    if (isStopping()) return err({ code: 'stopped' });
    const encoded = await read(index);
    const decoded = encoded === null ? null : await decodeFrame(encoded, true);
    if (encoded === null || !decoded?.ok) return err({ code: 'not-decodable' });
    const presentation = presentationOf(dataset, index);
    if (presentation === null) return err({ code: 'not-calibrated' });
    const values = sourceValues(encoded, decoded.value, presentation, source, room);
    if (values === null) return err({ code: 'not-decodable' });
    const geometry = frameGeometry(dataset, index);
    frames.push({
      sopUid: reference.sopUid,
      frameNumber: index + 1,
      instanceNumber: number(dataset, 'InstanceNumber'),
      rows: encoded.rows,
      columns: encoded.columns,
      ...values,
      place: placeOf(geometry),
      pixelMm: geometry.pixelMm ?? geometry.detectorPixelMm,
    });
  }
  return ok({ frames, facts: readSourceFacts(dataset) });
}

/** How a frame's stored values are rescaled: those of a dose by what makes doses of them (PS3.3 §C.8.8.3), without which they are none. */
function presentationOf(dataset: Dataset, frame: number): FramePresentation | null {
  const presentation = framePresentation(dataset, frame);
  if (text(dataset, 'Modality') !== 'RTDOSE') return presentation;
  const slope = number(dataset, 'DoseGridScaling');
  return slope === null || !(slope > 0) ? null : { ...presentation, slope, intercept: 0 };
}

/** A place needs pixels measured in the patient: at a detector nothing lies in patient space. */
function placeOf(geometry: FrameGeometry): FramePlace | null {
  const { position, orientation, pixelMm, sliceThicknessMm, frameOfReferenceUid } = geometry;
  if (position === null || orientation === null || pixelMm === null) return null;
  const [rx, ry, rz, cx, cy, cz] = orientation;
  return {
    position,
    alongRow: [rx, ry, rz],
    alongColumn: [cx, cy, cz],
    thicknessMm: sliceThicknessMm,
    frameOfReferenceUid,
  };
}
