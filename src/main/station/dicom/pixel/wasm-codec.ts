/** One codec object of the codec packages: the stream is copied in, and the samples are copied out. */
export type WasmDecoder = {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned?: boolean;
  };
  getDecodedBuffer(): Uint8Array;
  delete(): void;
};

/** Where a codec prints what it thinks of a stream. */
export type CodecOptions = { readonly print: () => void; readonly printErr: () => void };

/** Options for one module, which keeps them as its own: never give two the same. A codec's remarks belong into no log. */
export function silent(): CodecOptions {
  return { print: () => undefined, printErr: () => undefined };
}

/** Runs one decoding in a codec's memory. */
export type WasmCodec<Codec extends WasmDecoder> = <Value>(work: (codec: Codec) => Value) => Promise<Value | null>;

/** A codec that outgrew this is started anew, so that one large frame does not hold memory for ever. */
const MOST_MEMORY_KEPT = 256 * 1024 * 1024;
/** A refused stream leaves a little memory behind; after so many the codec is started anew. */
const MOST_REFUSALS = 32;

/**
 * A codec compiled on first use. Null where the work threw, as codecs do at damaged streams. One that trapped (a
 * `RuntimeError`) can no longer be trusted, and the next work gets a fresh one.
 */
export function wasmCodec<Module extends { readonly HEAPU8: Uint8Array }, Codec extends WasmDecoder>(
  load: () => Promise<Module>,
  create: (module: Module) => Codec,
): WasmCodec<Codec> {
  let loading: Promise<Module> | null = null;
  let refusals = 0;
  return async (work) => {
    if (loading === null) {
      loading = load();
      refusals = 0;
    }
    const module = await loading;
    try {
      const codec = create(module);
      try {
        return work(codec);
      } finally {
        codec.delete();
      }
    } catch (error) {
      refusals += 1;
      if ((error instanceof Error && error.name === 'RuntimeError') || refusals >= MOST_REFUSALS) loading = null;
      return null;
    } finally {
      if (module.HEAPU8.length > MOST_MEMORY_KEPT) loading = null;
    }
  };
}

/** A copy of what a codec decoded, as bytes or as little-endian words; the module's memory moves when it grows. */
export function copyDecoded(decoded: Uint8Array, bitsPerSample: number): Uint8Array | Uint16Array {
  const bytes = Uint8Array.from(decoded);
  return bitsPerSample <= 8 ? bytes : new Uint16Array(bytes.buffer, 0, bytes.length >> 1);
}
