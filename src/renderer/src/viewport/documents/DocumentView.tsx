import { Badge, Button, NativeSelect } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type DicomJson, textOf } from '../dicom-json.ts';
import { bytesOf } from '../picture/binary-value.ts';
import { TAG } from '../tags.ts';
import { dataSetRows } from './data-set-rows.ts';
import classes from './DocumentView.module.css';
import { codedMeaning, readSrTree, type SrItem } from './sr-tree.ts';

type Props = {
  /** The objects of a series that are no pictures. */
  readonly documents: readonly DicomJson[];
};

/** What a series holds that is no picture: a report as a tree, an encapsulated document to be saved, anything else as a readable data set. */
export function DocumentView({ documents }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [place, setPlace] = useState(0);
  const document = documents[place] ?? documents[0];
  if (document === undefined) return null;
  return (
    <section className={classes.document} aria-label={t('document.label')}>
      <header className={classes.head}>
        {documents.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label={t('document.choose')}
            value={String(place)}
            onChange={(event) => setPlace(Number(event.currentTarget.value))}
            data={documents.map((one, index) => ({
              value: String(index),
              label: `${index + 1} · ${titleOf(one) ?? ''}`,
            }))}
          />
        )}
        <h2>{titleOf(document) ?? t('document.untitled')}</h2>
        <p>
          {t('document.by', { maker: makerOf(document) ?? t('document.unknownMaker') })}
          {statesOf(document).map((state) => (
            <Badge key={state} component="span" variant="outline" color="gray" size="sm" ml="xs">
              {t([`document.state.${state}`, 'document.state.other'], { state })}
            </Badge>
          ))}
        </p>
      </header>
      <Content key={place} document={document} />
    </section>
  );
}

function Content({ document }: { readonly document: DicomJson }): ReactNode {
  const tree = useMemo(() => readSrTree(document), [document]);
  if (document[ENCAPSULATED] !== undefined) return <Encapsulated document={document} />;
  return tree === null ? (
    <DataSet document={document} />
  ) : (
    <ul className={classes.tree}>
      {tree.children.map((item, index) => (
        <Item key={`${index}`} item={item} />
      ))}
      {tree.isCut && <Cut />}
    </ul>
  );
}

const ENCAPSULATED = '00420011';

function Item({ item }: { readonly item: SrItem }): ReactNode {
  const { t } = useTranslation('reading');
  const { name, value, children, valueType, relationship, isCut } = item;
  return (
    <li data-relationship={relationship ?? undefined}>
      {name !== null && <strong>{name}</strong>}
      {value !== null && <span>{value}</span>}
      {name === null && value === null && <em>{t('document.unnamed', { type: valueType })}</em>}
      {children.length > 0 && (
        <ul>
          {children.map((child, index) => (
            <Item key={`${index}`} item={child} />
          ))}
        </ul>
      )}
      {isCut && (
        <ul>
          <Cut />
        </ul>
      )}
    </li>
  );
}

/** Says that a report goes on where it is not shown: what is left out must not read as nothing. */
function Cut(): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <li>
      <em role="note">{t('document.cutItems')}</em>
    </li>
  );
}

/** What kinds of documents there are (PS3.3 §C.24.2), and how a file of one is called. */
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/xml': 'xml',
  'model/stl': 'stl',
  'model/obj': 'obj',
};

function Encapsulated({ document }: { readonly document: DicomJson }): ReactNode {
  const { t } = useTranslation('reading');
  const [state, setState] = useState<'ready' | 'loading' | 'failed'>('ready');
  const type = textOf(document, '00420012') ?? 'application/octet-stream';
  const save = async () => {
    setState('loading');
    const bytes = await bytesOf(document, ENCAPSULATED);
    setState(bytes === null ? 'failed' : 'ready');
    if (bytes !== null) saveFile(bytes, type);
  };
  return (
    <div className={classes.encapsulated}>
      <p>{t('document.encapsulated', { type })}</p>
      <Button variant="default" loading={state === 'loading'} onClick={() => void save()}>
        {t('document.save')}
      </Button>
      {state === 'failed' && <p role="alert">{t('document.saveFailed')}</p>}
      <p className={classes.aside}>{t('document.saved')}</p>
      <DataSet document={document} />
    </div>
  );
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

function DataSet({ document }: { readonly document: DicomJson }): ReactNode {
  const { t } = useTranslation('reading');
  const { rows, isCut } = useMemo(() => dataSetRows(document), [document]);
  return (
    <>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>{t('document.tag')}</th>
            <th>{t('document.name')}</th>
            <th>{t('document.vr')}</th>
            <th>{t('document.value')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, depth, tag, name, vr, value }) => (
            <tr key={key}>
              <td style={{ paddingLeft: `${depth * 12 + 4}px` }}>{tag}</td>
              <td>{name ?? t('document.private')}</td>
              <td>{vr}</td>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {isCut && <p>{t('document.cut')}</p>}
    </>
  );
}

function titleOf(document: DicomJson): string | null {
  return codedMeaning(document, '0040A043') ?? textOf(document, '00420010') ?? textOf(document, TAG.SeriesDescription);
}

function makerOf(document: DicomJson): string | null {
  const maker = [textOf(document, '00080070'), textOf(document, '00081090')].filter((part) => part !== null);
  return maker.length === 0 ? null : maker.join(' ');
}

/** Completion, verification and whether it is preliminary, as the report codes them (PS3.3 §C.17.2). */
function statesOf(document: DicomJson): readonly string[] {
  return ['0040A491', '0040A493', '0040A496'].map((tag) => textOf(document, tag)).filter((state) => state !== null);
}
