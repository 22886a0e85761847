/** An encoder of the codec packages: samples in, a stream out. */
type WasmEncoder = {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  encode(): void;
  delete(): void;
  /** Of JPEG-LS. */
  setInterleaveMode?(mode: number): void;
};

/** The codec packages with their encoders: the pretend hospital and tests make their own streams. The packages have no declarations. */
declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  const load: (options: object) => Promise<{ readonly J2KEncoder: new () => WasmEncoder }>;
  export default load;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const load: (options: object) => Promise<{ readonly HTJ2KEncoder: new () => WasmEncoder }>;
  export default load;
}
declare module '@cornerstonejs/codec-charls/wasmjs' {
  const load: (options: object) => Promise<{ readonly JpegLSEncoder: new () => WasmEncoder }>;
  export default load;
}
