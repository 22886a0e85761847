/** The package's own declarations are not in its tarball. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    /** Interleaved samples; throws at what it cannot read. */
    decode(
      buffer: ArrayBuffer,
      offset: number,
      length: number,
      bytesPerSample: number,
    ): Uint8Array | Uint16Array | null;
  }
}
