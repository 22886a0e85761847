/** The package ships no declarations. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs' {
  type Encoder = {
    getDecodedBuffer(info: object): Uint8Array;
    getEncodedBuffer(): Uint8Array;
    setProgressive(isProgressive: boolean): void;
    setQuality(quality: number): void;
    /** As TurboJPEG numbers them: 0 is 4:4:4, 3 is grey. */
    setSubSampling(mode: number): void;
    encode(): void;
    delete(): void;
  };
  export default function load(options: {
    readonly print: () => void;
    readonly printErr: () => void;
  }): Promise<{ readonly JPEGEncoder: new () => Encoder }>;
}
