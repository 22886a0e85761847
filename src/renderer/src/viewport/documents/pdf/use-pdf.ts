import { useEffect, useState } from 'react';
import { openPdf, type PdfDocument, type PdfRefusal } from './open-pdf.ts';

/** How far a PDF has come. */
export type PdfState =
  | { readonly state: 'loading' }
  | { readonly state: 'refused'; readonly code: PdfRefusal | 'not-loaded' }
  | { readonly state: 'ready'; readonly document: PdfDocument };

/** Has a PDF opened for as long as it is on the screen; another `attempt` asks for it again. */
export function usePdf(load: () => Promise<Uint8Array | null>, attempt: number): PdfState {
  const [pdf, setPdf] = useState<PdfState>({ state: 'loading' });
  useEffect(() => {
    const left = new AbortController();
    setPdf({ state: 'loading' });
    const open = async (): Promise<PdfState> => {
      const bytes = await load();
      if (bytes === null) return { state: 'refused', code: 'not-loaded' };
      const opened = await openPdf(bytes, left.signal);
      return opened.ok ? { state: 'ready', document: opened.value } : { state: 'refused', code: opened.error.code };
    };
    // A page that cannot load its own reader is as one without its bytes: asking again may help.
    void open()
      .catch((): PdfState => ({ state: 'refused', code: 'not-loaded' }))
      .then((state) => {
        if (!left.signal.aborted) setPdf(state);
      });
    return () => left.abort();
  }, [load, attempt]);
  return pdf;
}
