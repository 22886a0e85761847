import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { TransferSyntax } from '../transfer-syntaxes.ts';
import type { Dataset, DatasetFailure, ElementExtent, Encoding, Outline } from './dataset.ts';
import { lookUpTag, type Tag, tagOf } from './dictionary.ts';
import { encodeText } from './encode-text.ts';
import { parseElements, Stop } from './parse-elements.ts';
import { TOLD_OF_ANOTHER, TOLD_OF_AN_ORDER } from './patient-attributes.ts';
import {
  appendItem,
  rewriteElements,
  type Rewriting,
  type RewriteLevel,
  writeElement,
  writeItem,
} from './rewrite-elements.ts';
import { text, texts } from './values.ts';

/** Whose an object is and where it belongs, as people corrected it. */
export type CorrectedIdentity = {
  readonly studyUid: string;
  readonly seriesUid: string;
  /** Null: the patient that the object names. */
  readonly patient: {
    readonly name: string;
    readonly birthDateRaw: string | null;
    readonly sex: string | null;
    readonly mrn: string | null;
    readonly issuer: string | null;
  } | null;
  /** The order that the object names is not the one it was made for. */
  readonly isWithoutOrder: boolean;
  /** When it was corrected, who it came from, and why (PS3.3 §C.12.1.1.9): wrong as it was, or one of a patient's several names. */
  readonly correctedAtMs: number;
  readonly sourceAe: string;
  readonly reason: 'CORRECT' | 'COERCE';
  /** Says what stood there before: a receiver can follow it, but whoever holds a patient's disc reads of another one. */
  readonly tellsBefore: boolean;
  /** Where another object stands now, if it is of the same corrected study; else null. */
  readonly placeOf: (sopUid: string) => { readonly studyUid: string; readonly seriesUid: string } | null;
};

type Head = {
  readonly bytes: Uint8Array;
  readonly dataset: Dataset;
  readonly outline: Outline;
  readonly syntax: TransferSyntax;
};

const MODIFYING_SYSTEM = 'Wetread';
const UTF_8 = 'ISO_IR 192';
const CHARACTER_SET = tagOf('SpecificCharacterSet');
const STUDY_UID = tagOf('StudyInstanceUID');
const SERIES_UID = tagOf('SeriesInstanceUID');
const REFERENCED_SOP_UID = tagOf('ReferencedSOPInstanceUID');
const ORIGINAL_ATTRIBUTES = tagOf('OriginalAttributesSequence');
/** Of what the object said before: false now. */
const SIGNATURES: readonly Tag[] = [tagOf('MACParametersSequence'), tagOf('DigitalSignaturesSequence')];
const PATIENT: readonly Tag[] = ['PatientName', 'PatientID', 'IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'].map(
  tagOf,
);
const ENCODED_TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const LEFT_OUT_BEHIND = new Set<Tag>([...SIGNATURES, ...PATIENT, ...TOLD_OF_ANOTHER, STUDY_UID, SERIES_UID]);

/** True for what has no place behind the pixels of a corrected object: signatures, and what the head tells. */
export function isLeftOutBehind(tag: Tag): boolean {
  return LEFT_OUT_BEHIND.has(tag);
}

/**
 * The elements of a head as corrected: whose it is, its study and series here and where it refers to objects that went with
 * it, where wanted what it said before in the Original Attributes Sequence; all else byte for byte. New text is in the object's own
 * character set; where that does not have it, all text of the head becomes UTF-8.
 */
export function correctHead(head: Head, identity: CorrectedIdentity): Result<Buffer, DatasetFailure> {
  const values = newValues(identity);
  const terms = texts(head.dataset, 'SpecificCharacterSet');
  const isFit = [...values].every(([tag, value]) => encoded(tag, value, terms) !== null);
  if (isFit) return ok(rewriteIdentity(head, values, terms, identity));
  const converted = toUtf8(head);
  return converted.ok ? ok(rewriteIdentity(converted.value, values, [UTF_8], identity)) : converted;
}

/** What stands at the top from now on; null is not there. */
function newValues({ studyUid, seriesUid, patient, isWithoutOrder }: CorrectedIdentity): Map<Tag, string | null> {
  const values = new Map<Tag, string | null>([
    [STUDY_UID, studyUid],
    [SERIES_UID, seriesUid],
    ...SIGNATURES.map((tag) => [tag, null] as const),
  ]);
  if (patient !== null) {
    const { name, mrn, issuer, birthDateRaw, sex } = patient;
    const told = [name, mrn ?? '', issuer === '' ? null : issuer, birthDateRaw ?? '', sex ?? ''];
    for (const [index, tag] of PATIENT.entries()) values.set(tag, told[index] ?? null);
    for (const tag of TOLD_OF_ANOTHER) values.set(tag, null);
  }
  if (isWithoutOrder) {
    values.set(tagOf('AccessionNumber'), '');
    for (const tag of TOLD_OF_AN_ORDER) values.set(tag, null);
  }
  return values;
}

function encoded(tag: Tag, value: string | null, terms: readonly string[]): Uint8Array | null {
  const vr = vrOf(tag);
  if (value === null || !ENCODED_TEXT.has(vr)) return Buffer.from(value ?? '', 'latin1');
  return encodeText(value, vr, terms);
}

function rewriteIdentity(
  { bytes, dataset, outline }: Omit<Head, 'syntax'>,
  values: ReadonlyMap<Tag, string | null>,
  terms: readonly string[],
  identity: CorrectedIdentity,
): Buffer {
  const { encoding, elements } = outline;
  const added = new Map<Tag, Uint8Array>();
  const before = new Map<Tag, Uint8Array>();
  const old = { studyUid: text(dataset, 'StudyInstanceUID'), seriesUid: text(dataset, 'SeriesInstanceUID') };
  const isSame = new Set<Tag>();
  for (const [tag, value] of values) {
    const standing = elements.filter((element) => element.tag === tag);
    const [first] = standing;
    const written =
      value === null ? null : writeElement(tag, vrOf(tag), encoded(tag, value, terms) ?? Buffer.alloc(0), encoding);
    if (standing.length === 1 && first && written && saysTheSame(dataset, first, value)) {
      isSame.add(tag);
      continue;
    }
    if (first !== undefined && !SIGNATURES.includes(tag)) before.set(tag, bytes.subarray(first.start, first.end));
    if (written !== null) added.set(tag, written);
  }
  if (identity.tellsBefore && (added.size > 0 || before.size > 0)) {
    const told = [...before.values()];
    added.set(ORIGINAL_ATTRIBUTES, withOriginal(bytes, outline, told, identity));
  }
  return rewriteElements(
    bytes,
    outline,
    (element, level) => {
      if (level.item !== null) return reference(bytes, element, level, old, identity);
      if (isSame.has(element.tag)) return 'keep-whole';
      if (element.tag === ORIGINAL_ATTRIBUTES) return added.has(ORIGINAL_ATTRIBUTES) ? 'drop' : 'keep-whole';
      return values.has(element.tag) ? 'drop' : 'keep';
    },
    added,
  );
}

/** The Original Attributes Sequence with one item more. */
function withOriginal(
  bytes: Uint8Array,
  { elements, encoding }: Outline,
  before: readonly Uint8Array[],
  identity: CorrectedIdentity,
): Buffer {
  const modified = elements.find(({ tag }) => tag === ORIGINAL_ATTRIBUTES);
  const within = modified?.items?.at(-1)?.encoding ?? encoding;
  const item = originalAttributes(before, within, identity);
  return modified === undefined || modified.items === null
    ? writeElement(ORIGINAL_ATTRIBUTES, 'SQ', item, encoding)
    : appendItem(bytes, modified, item, encoding);
}

function saysTheSame(dataset: Dataset, { tag }: ElementExtent, value: string | null): boolean {
  const keyword = lookUpTag(tag)?.keyword ?? '';
  return value !== null && texts(dataset, keyword).join('\\') === value;
}

/** One item of the Original Attributes Sequence (PS3.3 Table C.12-1): what stood there, whose word it was, and why it changed. */
function originalAttributes(
  before: readonly Uint8Array[],
  encoding: Encoding,
  { correctedAtMs, sourceAe, reason }: CorrectedIdentity,
): Buffer {
  const at = new Date(correctedAtMs).toISOString().replace(/[-:T]/g, '').replace('Z', '000+0000');
  const element = (keyword: string, value: Uint8Array | string) => {
    const tag = tagOf(keyword);
    return writeElement(tag, vrOf(tag), typeof value === 'string' ? Buffer.from(value, 'latin1') : value, encoding);
  };
  const sorted = before.toSorted((one, other) => tagAt(one, encoding) - tagAt(other, encoding));
  return writeItem(
    Buffer.concat([
      element('ModifiedAttributesSequence', writeItem(Buffer.concat(sorted), encoding)),
      element('AttributeModificationDateTime', at),
      element('ModifyingSystem', MODIFYING_SYSTEM),
      element('SourceOfPreviousValues', sourceAe),
      element('ReasonForTheAttributeModification', reason),
    ]),
    encoding,
  );
}

function tagAt(bytes: Uint8Array, { isLittleEndian }: Encoding): Tag {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint16(0, isLittleEndian) * 0x10000 + view.getUint16(2, isLittleEndian);
}

/** A reference that names the study or series left behind and leads to what went with this object names the new ones. */
function reference(
  bytes: Uint8Array,
  element: ElementExtent,
  { elements, encoding }: RewriteLevel,
  old: { readonly studyUid: string | null; readonly seriesUid: string | null },
  identity: CorrectedIdentity,
): Rewriting {
  if (element.tag !== STUDY_UID && element.tag !== SERIES_UID) return 'keep';
  const isStudy = element.tag === STUDY_UID;
  const named = uidAt(bytes, element);
  if (isStudy && named !== old.studyUid) return 'keep';
  const sopUids = referencedSopUids(bytes, elements);
  const place =
    sopUids.length === 0
      ? isStudy || named === old.seriesUid
        ? identity
        : null
      : sopUids.reduce<ReturnType<CorrectedIdentity['placeOf']>>((found, uid) => found ?? identity.placeOf(uid), null);
  const uid = isStudy ? place?.studyUid : place?.seriesUid;
  return uid === undefined || uid === named ? 'keep' : writeElement(element.tag, 'UI', Buffer.from(uid), encoding);
}

function referencedSopUids(bytes: Uint8Array, elements: readonly ElementExtent[]): readonly string[] {
  return elements.flatMap((element) =>
    element.tag === REFERENCED_SOP_UID
      ? [uidAt(bytes, element)]
      : (element.items ?? []).flatMap((item) => referencedSopUids(bytes, item.elements)),
  );
}

function uidAt(bytes: Uint8Array, { valueStart, end }: ElementExtent): string {
  return Buffer.from(bytes.subarray(valueStart, end)).toString('latin1').replaceAll('\0', '').trim();
}

/** The same head with every text in UTF-8, read anew. */
function toUtf8({ bytes, dataset, outline, syntax }: Head): Result<Head, DatasetFailure> {
  const charset = (encoding: Encoding) => writeElement(CHARACTER_SET, 'CS', Buffer.from(UTF_8), encoding);
  const converted = rewriteElements(
    bytes,
    outline,
    (element, { item, encoding }) => {
      if (element.tag === CHARACTER_SET) return item === null ? 'drop' : charset(encoding);
      if (element.items !== null || !ENCODED_TEXT.has(element.vr)) return 'keep';
      const value = bytes.subarray(element.valueStart, element.end);
      const asText = (item ?? dataset).characterSet.decode(value, element.vr);
      const recoded = Buffer.from(asText.replace(/[\0 ]$/, ''), 'utf8');
      return value.every((byte) => byte < 0x80 && byte !== 0x1b)
        ? 'keep'
        : writeElement(element.tag, element.vr, recoded, encoding);
    },
    new Map([[CHARACTER_SET, charset(outline.encoding)]]),
  );
  const again: Outline = { encoding: outline.encoding, elements: [], last: null };
  try {
    const read = parseElements(converted, syntax, { outline: again });
    return ok({ bytes: converted, dataset: read, outline: again, syntax });
  } catch (error) {
    if (error instanceof Stop) return err({ code: error.code });
    throw error;
  }
}

/** VR of what is written, which the dictionary knows. */
function vrOf(tag: Tag): string {
  return lookUpTag(tag)?.vr ?? 'UN';
}
