/** Tables of character codes, fonts that every reader has, and decoders, as our build serves them. */
const FILES: Readonly<Record<string, string>> = import.meta.glob(
  [
    '../../../../../../node_modules/pdfjs-dist/cmaps/*.bcmap',
    '../../../../../../node_modules/pdfjs-dist/standard_fonts/*.{pfb,ttf}',
    '../../../../../../node_modules/pdfjs-dist/wasm/{jbig2,openjpeg,qcms_bg}.wasm',
  ],
  { query: '?url', import: 'default', eager: true },
);

const ADDRESSES = new Map(Object.entries(FILES).map(([path, address]) => [path.split('/').at(-1), address]));

/** Gives pdf.js the files it asks for by name, from the page's own origin and from nowhere else. */
export class OwnFiles {
  async fetch({ filename }: { readonly filename: string }): Promise<Uint8Array> {
    const address = ADDRESSES.get(filename);
    if (address === undefined) throw new Error('pdf.js asks for a file that is not shipped');
    const answer = await fetch(new URL(address, import.meta.url), { credentials: 'same-origin' });
    if (!answer.ok) throw new Error('a file of pdf.js cannot be had');
    return new Uint8Array(await answer.arrayBuffer());
  }
}
