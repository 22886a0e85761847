import type { PDFDocumentLoadingTask, PDFDocumentProxy, RenderTask } from 'pdfjs-dist';
import { err, ok, type Result } from '../../../../../shared/domain/result.ts';
import { sharpnessOf } from './pdf-zoom.ts';

/** Why a PDF is not shown. */
export const PDF_REFUSALS = ['encrypted', 'damaged', 'too-large', 'too-slow'] as const;
export type PdfRefusal = (typeof PDF_REFUSALS)[number];

/** A page as it was drawn: its text in reading order, and whether all of it could be read. */
export type DrawnPage = { readonly text: string; readonly isWhole: boolean };

/** A PDF that is on the screen. */
export type PdfDocument = {
  readonly pages: number;
  /** Draws a page so wide in CSS pixels, sharp on this screen as far as a canvas goes; null where it cannot be drawn, or somebody turned over meanwhile. */
  draw(page: number, canvas: HTMLCanvasElement, widthPx: number, signal: AbortSignal): Promise<DrawnPage | null>;
};

/** More than any report has; such a file is for a program of its own. */
const LARGEST_BYTES = 256 * 1024 * 1024;
const OPEN_WITHIN_MS = 30_000;
const DRAW_WITHIN_MS = 60_000;
/** Of one image: more fills the memory of who only wants to read a letter. */
const LARGEST_IMAGE_PIXELS = 100_000_000;
const LONGEST_TEXT = 100_000;

/** PDF.js and its worker, which are asked for when the first PDF is. */
async function loadReader() {
  const [pdfjs, { default: PdfWorker }, { OwnFiles }] = await Promise.all([
    import('pdfjs-dist'),
    import('pdfjs-dist/build/pdf.worker.min.mjs?worker'),
    import('./pdf-files.ts'),
  ]);
  return { pdfjs, PdfWorker, OwnFiles };
}

/**
 * Opens a PDF in a worker of its own, which ends with `signal`; throws where that ended before. What it holds is drawn and read,
 * never run: no scripts, forms or links; nothing is fetched but our own fonts, tables and decoders.
 */
export async function openPdf(
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Result<PdfDocument, { readonly code: PdfRefusal }>> {
  if (bytes.length > LARGEST_BYTES) return err({ code: 'too-large' });
  signal.throwIfAborted();
  const { pdfjs, PdfWorker, OwnFiles } = await loadReader();
  // Left meanwhile: nothing would end a worker that is begun now, and it would keep a patient's letter.
  signal.throwIfAborted();
  const tasks: PDFDocumentLoadingTask[] = [];
  const ports: Worker[] = [];
  const end = () => {
    for (const task of tasks) void task.destroy().catch(() => undefined);
    for (const port of ports) port.terminate();
  };
  signal.addEventListener('abort', end, { once: true });

  function begin(stopAtErrors: boolean): PDFDocumentLoadingTask {
    const port = new PdfWorker();
    ports.push(port);
    const task = pdfjs.getDocument({
      // pdf.js takes what it is given away; it may be opened once more, and is saved whole.
      data: bytes.slice(),
      worker: new pdfjs.PDFWorker({ port: port as unknown as null }),
      BinaryDataFactory: OwnFiles,
      ...{ useWorkerFetch: false, useSystemFonts: false, disableWorkerRendering: true, enableXfa: false },
      ...{ stopAtErrors, maxImageSize: LARGEST_IMAGE_PIXELS, verbosity: pdfjs.VerbosityLevel.ERRORS },
    });
    tasks.push(task);
    return task;
  }
  try {
    const [pdf, strict] = await within(Promise.all([begin(false).promise, begin(true).promise]), OPEN_WITHIN_MS);
    if (pdf.numPages < 1) throw new Error('a document without pages');
    const draw: PdfDocument['draw'] = async (number, canvas, widthPx, stop) => {
      if (stop.aborted) return null;
      const text = await drawPage(pdf, number, canvas, widthPx, stop);
      if (text === null) return null;
      // One that stops at what cannot be read gives fewer instructions than one that goes on without it.
      const [all, readable] = await Promise.all([countInstructions(pdf, number), countInstructions(strict, number)]);
      return { text, isWhole: all === readable };
    };
    // One after the other: a canvas takes one drawing at a time, and one that was given up ends a moment later.
    let before: Promise<unknown> = Promise.resolve();
    return ok({
      // What only one of them finds is asked for, and said to be not all there: no page is left out in silence.
      pages: Math.max(pdf.numPages, strict.numPages),
      draw(...wish) {
        const drawn = before.then(() => draw(...wish)).catch(() => null);
        before = drawn;
        return drawn;
      },
    });
  } catch (error) {
    end();
    if (error instanceof TooSlow) return err({ code: 'too-slow' });
    return err({ code: error instanceof pdfjs.PasswordException ? 'encrypted' : 'damaged' });
  }
}

/** How many instructions a reader finds on a page; it tells of none behind one that it stops at. */
async function countInstructions(pdf: PDFDocumentProxy, number: number): Promise<number> {
  const page = await pdf.getPage(number);
  return (await within(page.getOperatorList(), DRAW_WITHIN_MS)).fnArray.length;
}

/** Draws a page and gives its text; null where somebody turned over meanwhile. Throws where it cannot be read, or takes too long. */
async function drawPage(
  pdf: PDFDocumentProxy,
  number: number,
  canvas: HTMLCanvasElement,
  widthPx: number,
  stop: AbortSignal,
): Promise<string | null> {
  const page = await pdf.getPage(number);
  const natural = page.getViewport({ scale: 1 });
  const heightPx = (widthPx * natural.height) / natural.width;
  const sharpness = sharpnessOf(widthPx, heightPx, window.devicePixelRatio);
  const viewport = page.getViewport({ scale: (widthPx / natural.width) * sharpness });
  if (stop.aborted) return null;
  canvas.width = Math.max(1, Math.round(viewport.width));
  canvas.height = Math.max(1, Math.round(viewport.height));
  canvas.style.width = `${widthPx}px`;
  canvas.style.height = `${heightPx}px`;
  const drawing: RenderTask = page.render({ canvas, viewport });
  const cancel = () => drawing.cancel();
  stop.addEventListener('abort', cancel, { once: true });
  try {
    await within(drawing.promise, DRAW_WITHIN_MS, cancel);
    const { items } = await within(page.getTextContent(), DRAW_WITHIN_MS);
    const words = items.flatMap((item) => ('str' in item ? [item.str] : []));
    return stop.aborted ? null : words.join(' ').slice(0, LONGEST_TEXT);
  } finally {
    stop.removeEventListener('abort', cancel);
  }
}

class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

/** What comes of this, or `TooSlow` where it does not come in time. */
async function within<T>(work: Promise<T>, limitMs: number, giveUp = () => undefined as void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      giveUp();
      reject(new TooSlow('the document takes too long'));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
