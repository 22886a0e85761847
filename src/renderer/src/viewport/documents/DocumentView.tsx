import { Badge, Button, NativeSelect } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PatientCard, WorklistRow } from '../../../../shared/contract/worklist.ts';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import { type DicomJson, personNameOf, textOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';
import { dataSetRows } from './data-set-rows.ts';
import classes from './DocumentView.module.css';
import { Encapsulated, isEncapsulated } from './Encapsulated.tsx';
import { codedMeaning, readSrTree, type SrItem } from './sr-tree.ts';

type Props = {
  /** The objects of a series that are no pictures. */
  readonly documents: readonly DicomJson[];
  readonly patient: Pick<PatientCard, 'mrn' | 'underInvestigation'>;
  /** Of a series of an earlier study: when and what that was. */
  readonly priorOf: WorklistRow['exam'] | null;
  /** Left out of a series that holds nothing else. Over pictures: goes back to them, and no key reaches what lies below. */
  readonly onClose?: () => void;
};

/** What a series holds that is no picture: a report as a tree, an encapsulated document, anything else as a readable data set. */
export function DocumentView({ documents, patient, priorOf, onClose }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const [place, setPlace] = useState(0);
  const document = documents[place] ?? documents[0];
  if (document === undefined) return null;
  const keepKeys = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') onClose?.();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- hears the keys of what is inside.
    <section className={classes.document} aria-label={t('document.label')} onKeyDown={onClose && keepKeys}>
      <header className={classes.head}>
        {onClose !== undefined && (
          <Button size="compact-xs" variant="default" mb={6} autoFocus onClick={onClose}>
            {t('document.back')}
          </Button>
        )}
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
        <PatientLine document={document} patient={patient} priorOf={priorOf} />
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

/** Whom a document names itself, as pictures say it at their corner. */
function PatientLine({
  document,
  patient,
  priorOf,
}: Omit<Props, 'documents' | 'onClose'> & { readonly document: DicomJson }): ReactNode {
  const { t } = useTranslation('reading');
  const mrn = textOf(document, TAG.PatientID);
  const isOther = mrn !== null && patient.mrn !== null && mrn !== patient.mrn.trim();
  return (
    <p className={classes.patient}>
      {priorOf !== null && <strong>{t('image.prior', { date: formatDicomDate(priorOf.dateRaw) ?? '–' })}</strong>}
      <span data-phi>{formatPersonName(personNameOf(document, TAG.PatientName)) ?? t('image.noName')}</span>
      <span data-phi>{t('image.mrn', { value: mrn ?? '–' })}</span>
      <span data-phi>{t('image.born', { value: formatDicomDate(textOf(document, TAG.PatientBirthDate)) ?? '–' })}</span>
      {isOther && <strong className={classes.otherPatient}>{t('image.otherPatient')}</strong>}
      {patient.underInvestigation && <strong className={classes.doubt}>{t('image.underInvestigation')}</strong>}
    </p>
  );
}

/** What it says, which may name anybody anywhere: all of it is hidden with names. */
function Content({ document }: { readonly document: DicomJson }): ReactNode {
  const tree = useMemo(() => readSrTree(document), [document]);
  if (isEncapsulated(document))
    return (
      <Encapsulated document={document}>
        <DataSet document={document} />
      </Encapsulated>
    );
  return tree === null ? (
    <DataSet document={document} />
  ) : (
    <ul className={classes.tree} data-phi>
      {tree.children.map((item, index) => (
        <Item key={`${index}`} item={item} />
      ))}
      {tree.isCut && <Cut />}
    </ul>
  );
}

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

function DataSet({ document }: { readonly document: DicomJson }): ReactNode {
  const { t } = useTranslation('reading');
  const { rows, isCut } = useMemo(() => dataSetRows(document), [document]);
  return (
    <>
      <table className={classes.table} data-phi>
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
