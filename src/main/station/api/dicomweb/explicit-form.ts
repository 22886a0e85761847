import { readPart10Header } from '../../dicom/part10.ts';
import { nativeFile } from './native-file.ts';
import type { DicomwebServices, StoredInstance } from './services.ts';
import { createFrameLocator } from './stored-frames.ts';

/** Gives stored objects as data sets in explicit VR little endian, frames decoded; null where that cannot be done. */
export type ExplicitForms = (
  stored: Omit<StoredInstance, 'frames' | 'frameIndex'>,
) => Promise<AsyncIterable<Uint8Array> | null>;

/** For peers that do not take an object's own transfer syntax: what DICOMweb makes of it, without the file around it. */
export function createExplicitForms(services: DicomwebServices): ExplicitForms {
  const locator = createFrameLocator(services.objects);
  return async (stored) => {
    // Its frames are looked for in the object itself.
    const file = await nativeFile(services, locator, { ...stored, frames: 1, frameIndex: null });
    return file === null ? null : withoutHeader(file.bytes());
  };
}

/** The header stands in the first piece, whole. */
async function* withoutHeader(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const piece of pieces) {
    const header = isFirst ? readPart10Header(piece) : null;
    if (header && !header.ok) throw new Error('a file we write has no header');
    yield header?.ok ? piece.subarray(header.value.dataSetOffset) : piece;
    isFirst = false;
  }
}
