import { z } from 'zod';
import { PictureRefusal } from './picture-refusal.ts';
import type { PixelFormat } from './pixel-format.ts';
import type { FrameBytes } from './stored-values.ts';

/** A frame's uncompressed bytes; `photometric` is what its samples mean where the station decoded them, else as the header says. */
export type NativeFrame = FrameBytes & { readonly photometric: string | null };

const ACCEPT = 'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1';
const Refusal = z.object({ code: z.string() });

/** Fetches a frame as native pixels (PS3.18 §10.4.1.1.4), decoded by the station where it is compressed; throws PictureRefusal. */
export async function fetchNativeFrame(imageId: string, format: PixelFormat): Promise<NativeFrame> {
  const address = addressOf(imageId);
  const answer = await fetch(address, { headers: { accept: ACCEPT }, credentials: 'same-origin' }).catch(() => null);
  if (answer === null) throw new PictureRefusal('unreachable');
  if (!answer.ok) {
    const said = Refusal.safeParse(await answer.json().catch(() => null));
    throw new PictureRefusal(said.success ? said.data.code : 'unexpected-answer');
  }
  const [, photometric = null] =
    /photometric-interpretation="([^"]+)"/.exec(answer.headers.get('content-type') ?? '') ?? [];
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const isDecoded = photometric !== null;
  const number = Number(/\/frames\/(\d+)$/.exec(address)?.[1] ?? 1);
  // Frames of single bits run on without a gap: one begins amid the first byte of what the station cut out.
  const bitOffset =
    format.bitsAllocated === 1 && !isDecoded ? ((number - 1) * format.rows * format.columns * format.samples) % 8 : 0;
  return { bytes, bitOffset, isDecoded, photometric };
}

/** Fetches an uncompressed frame's words as they were stored, little endian, with what stands in bits that no pixel uses; null where it is compressed. */
export async function fetchStoredWords(imageId: string, { bitsAllocated }: PixelFormat): Promise<Uint8Array | null> {
  const accept = `application/octet-stream; transfer-syntax=${BIG_ENDIAN}`;
  const answer = await fetch(addressOf(imageId), { headers: { accept }, credentials: 'same-origin' }).catch(() => null);
  if (answer?.ok !== true) return null;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const size = bitsAllocated / 8;
  if (!Number.isInteger(size)) return null;
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

const BIG_ENDIAN = '1.2.840.10008.1.2.2';

/** Where a picture's frame is, whatever draws it its own way (`#`). */
function addressOf(imageId: string): string {
  return imageId.slice(imageId.indexOf(':') + 1).replace(/#.*$/, '');
}
