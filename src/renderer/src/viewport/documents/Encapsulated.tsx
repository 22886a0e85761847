import { Button } from '@mantine/core';
import { type ReactNode, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type DicomJson, numberOf, textOf } from '../dicom-json.ts';
import { bytesOf } from '../picture/binary-value.ts';
import classes from './DocumentView.module.css';
import { PdfView } from './pdf/PdfView.tsx';

const ENCAPSULATED = '00420011';
const PDF = 'application/pdf';

/** What kinds of documents there are (PS3.3 §C.24.2), and how a file of one is called. */
const ENDINGS: Readonly<Record<string, string>> = {
  [PDF]: 'pdf',
  'text/xml': 'xml',
  'model/stl': 'stl',
  'model/obj': 'obj',
  'model/mtl': 'mtl',
};

/** Whether an object carries a document of another kind within it. */
export function isEncapsulated(document: DicomJson): boolean {
  return document[ENCAPSULATED] !== undefined;
}

type Props = {
  readonly document: DicomJson;
  /** What DICOM says of it, to read. */
  readonly children: ReactNode;
};

/** A document within an object: a PDF is shown page by page; whatever it is, it can be saved as a file of its own. */
export function Encapsulated({ document, children }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [state, setState] = useState<'ready' | 'loading' | 'failed'>('ready');
  const type = typeOf(document);
  const load = useCallback(() => documentBytes(document), [document]);
  const save = async () => {
    setState('loading');
    const bytes = await load();
    setState(bytes === null ? 'failed' : 'ready');
    if (bytes !== null) saveFile(bytes, type);
  };
  const saving = (
    <Button variant="default" size="compact-sm" loading={state === 'loading'} onClick={() => void save()}>
      {t('document.save')}
    </Button>
  );
  return (
    <div className={classes.encapsulated} data-pdf={type === PDF} data-phi>
      {type === PDF ? (
        <PdfView load={load}>{saving}</PdfView>
      ) : (
        <>
          <p>{t('document.encapsulated', { type })}</p>
          {saving}
        </>
      )}
      {state === 'failed' && <p role="alert">{t('document.saveFailed')}</p>}
      <p className={classes.aside}>{t('document.saved')}</p>
      {type === PDF ? (
        <details>
          <summary>{t('document.dataSet')}</summary>
          {children}
        </details>
      ) : (
        children
      )}
    </div>
  );
}

function typeOf(document: DicomJson): string {
  return textOf(document, '00420012')?.toLowerCase() ?? 'application/octet-stream';
}

/** The document's own bytes, without what DICOM adds to make their number even (Encapsulated Document Length, PS3.3 §C.24.2). */
async function documentBytes(document: DicomJson): Promise<Uint8Array | null> {
  const bytes = await bytesOf(document, ENCAPSULATED);
  const length = numberOf(document, '00420015');
  return bytes !== null && length === bytes.length - 1 ? bytes.subarray(0, length) : bytes;
}

/** Hands the person a file whose name says nothing of a patient. */
function saveFile(bytes: Uint8Array, type: string): void {
  const address = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }));
  const link = window.document.createElement('a');
  link.href = address;
  link.download = `document.${ENDINGS[type] ?? 'bin'}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
