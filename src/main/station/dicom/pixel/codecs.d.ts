/** The codec packages have no declarations. Each default export compiles one module with a memory of its own. */
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  import type { CodecOptions, WasmDecoder } from './wasm-codec.ts';
  const load: (
    options: CodecOptions,
  ) => Promise<{ readonly HEAPU8: Uint8Array; readonly J2KDecoder: new () => WasmDecoder }>;
  export default load;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  import type { CodecOptions, WasmDecoder } from './wasm-codec.ts';
  const load: (options: CodecOptions) => Promise<{
    readonly HEAPU8: Uint8Array;
    readonly HTJ2KDecoder: new () => WasmDecoder;
  }>;
  export default load;
}
