import { ActionIcon, Button, Loader, Tooltip } from '@mantine/core';
import { IconArrowsHorizontal, IconChevronLeft, IconChevronRight, IconMinus, IconPlus } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DrawnPage, PdfDocument } from './open-pdf.ts';
import classes from './PdfView.module.css';
import { nextZoom } from './pdf-zoom.ts';
import { usePdf } from './use-pdf.ts';

type Props = {
  /** The document's bytes; null where they cannot be had. */
  readonly load: () => Promise<Uint8Array | null>;
  /** What else may be done with it: it stands beside the pages, and where there are none. */
  readonly children: ReactNode;
};

/** A PDF, page by page, drawn by this page alone; where it cannot be read, or not all of it, it says so. */
export function PdfView({ load, children }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [attempt, setAttempt] = useState(0);
  const pdf = usePdf(load, attempt);
  switch (pdf.state) {
    case 'loading':
      return <Loader size="sm" color="gray" role="status" aria-label={t('document.pdf.loading')} />;
    case 'refused':
      return (
        <div role="alert" className={classes.refused}>
          <p>{t(`document.pdf.refused.${pdf.code}`)}</p>
          {pdf.code === 'not-loaded' && (
            <Button size="compact-sm" variant="default" onClick={() => setAttempt(attempt + 1)}>
              {t('document.pdf.again')}
            </Button>
          )}
          {children}
        </div>
      );
    case 'ready':
      return <Pages document={pdf.document}>{children}</Pages>;
  }
}

/** How wide pages are: as the viewport, or by a factor of that. */
const FITTED = 1;

function Pages({ document, children }: { readonly document: PdfDocument; readonly children: ReactNode }): ReactNode {
  const { t } = useTranslation('reading');
  const [page, setPage] = useState(1);
  const [zoom, setZoom] = useState(FITTED);
  const frame = useRef<HTMLDivElement>(null);
  const { pages } = document;
  const turn = (by: number) => {
    setPage((now) => Math.max(1, Math.min(pages, now + by)));
    frame.current?.scrollTo({ top: 0 });
  };
  const keys: Readonly<Record<string, () => void>> = {
    PageDown: () => turn(1),
    PageUp: () => turn(-1),
    Home: () => turn(-pages),
    End: () => turn(pages),
    '+': () => setZoom((now) => nextZoom(now, 1)),
    '-': () => setZoom((now) => nextZoom(now, -1)),
    '0': () => setZoom(FITTED),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    // Arrows scroll the page, as everywhere; the images beside do not move with it.
    if (act !== undefined || event.key.startsWith('Arrow')) event.stopPropagation();
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- hears the keys of the pages and buttons inside.
    <div className={classes.view} onKeyDown={onKeyDown}>
      <div className={classes.bar} role="toolbar" aria-label={t('document.pdf.bar')}>
        <Act label={t('document.pdf.previous')} disabled={page === 1} onClick={() => turn(-1)}>
          <IconChevronLeft size={16} />
        </Act>
        <span role="status">{t('document.pdf.page', { page, pages })}</span>
        <Act label={t('document.pdf.next')} disabled={page === pages} onClick={() => turn(1)}>
          <IconChevronRight size={16} />
        </Act>
        <span className={classes.gap} />
        <Act label={t('document.pdf.smaller')} onClick={() => setZoom(nextZoom(zoom, -1))}>
          <IconMinus size={16} />
        </Act>
        <span>{`${Math.round(zoom * 100)} %`}</span>
        <Act label={t('document.pdf.larger')} onClick={() => setZoom(nextZoom(zoom, 1))}>
          <IconPlus size={16} />
        </Act>
        <Act label={t('document.pdf.fit')} onClick={() => setZoom(FITTED)}>
          <IconArrowsHorizontal size={16} />
        </Act>
        <span className={classes.rest}>{children}</span>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keys. */}
      <div ref={frame} className={classes.frame} tabIndex={0} role="region" aria-label={t('document.pdf.pages')}>
        <Page key={page} {...{ document, page, pages, zoom }} />
      </div>
    </div>
  );
}

type ActProps = {
  readonly label: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
};

function Act({ label, disabled = false, onClick, children }: ActProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon size={26} variant="subtle" color="gray" aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

type PageProps = {
  readonly document: PdfDocument;
  readonly page: number;
  readonly pages: number;
  readonly zoom: number;
};

type Drawing =
  | { readonly state: 'drawing' }
  | { readonly state: 'drawn'; readonly page: DrawnPage }
  | { readonly state: 'failed' };

function Page({ document, page, pages, zoom }: PageProps): ReactNode {
  const { t } = useTranslation('reading');
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [drawing, setDrawing] = useState<Drawing>({ state: 'drawing' });
  useEffect(() => {
    const around = canvas.current?.parentElement?.parentElement;
    if (around === null || around === undefined) return;
    const measure = () => setWidth(Math.max(0, around.clientWidth - 24));
    const resizes = new ResizeObserver(measure);
    resizes.observe(around);
    measure();
    return () => resizes.disconnect();
  }, []);
  useEffect(() => {
    const onto = canvas.current;
    if (onto === null || width === 0) return;
    const stop = new AbortController();
    setDrawing({ state: 'drawing' });
    void document.draw(page, onto, width * zoom, stop.signal).then((drawn) => {
      if (stop.signal.aborted) return;
      setDrawing(drawn === null ? { state: 'failed' } : { state: 'drawn', page: drawn });
    });
    return () => stop.abort();
  }, [document, page, width, zoom]);
  return (
    <figure className={classes.page} data-page={page} data-drawn={drawing.state}>
      {drawing.state === 'failed' && <p role="alert">{t('document.pdf.pageFailed', { page })}</p>}
      {drawing.state === 'drawn' && !drawing.page.isWhole && (
        <p role="alert" className={classes.notWhole}>
          {t('document.pdf.notWhole')}
        </p>
      )}
      <canvas ref={canvas} className={classes.paper} role="img" aria-label={t('document.pdf.page', { page, pages })} />
      {drawing.state === 'drawn' && <figcaption className={classes.words}>{drawing.page.text}</figcaption>}
    </figure>
  );
}
