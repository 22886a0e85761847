import { type DicomJson, numbersOf } from '../dicom-json.ts';

/** Bytes of an attribute, wherever DICOM JSON left them (PS3.18 §F.2.7): inline, or below an address of the station; null where it has none. */
export async function bytesOf(dataSet: DicomJson, tag: string): Promise<Uint8Array | null> {
  const attribute = dataSet[tag];
  const inline = attribute?.['InlineBinary'];
  if (typeof inline === 'string') return Uint8Array.from(atob(inline), (character) => character.charCodeAt(0));
  const address = attribute?.['BulkDataURI'];
  if (typeof address !== 'string') return null;
  // Only the station is asked, by the name the page knows it by.
  const { pathname } = new URL(address, location.href);
  const answer = await fetch(pathname, {
    headers: { accept: 'application/octet-stream' },
    credentials: 'same-origin',
  }).catch(() => null);
  return answer?.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

/** 16-bit words of an attribute, little endian, whether its VR is one of numbers or of bytes; null where it has none. */
export async function wordsOf(dataSet: DicomJson, tag: string): Promise<Uint16Array | null> {
  const numbers = numbersOf(dataSet, tag);
  if (numbers.length > 0) return Uint16Array.from(numbers);
  const bytes = await bytesOf(dataSet, tag);
  return bytes && toWords(bytes);
}

/** Bytes as 16-bit words, little endian; an odd last byte is left out. */
export function toWords(bytes: Uint8Array): Uint16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: bytes.length >> 1 }, (_, index) => view.getUint16(2 * index, true));
}
