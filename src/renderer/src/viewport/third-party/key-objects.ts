import { type DicomJson, itemsOf, personNameOf, textOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';
import { joinReferences, type ImageReferences, readReferences } from './image-references.ts';
import { type Provenance, provenanceOf } from './provenance.ts';

/** Images that somebody else picked out, and what for (PS3.3 §A.35.4, PS3.16 TID 2010). */
export type KeyObjects = Provenance & {
  readonly kind: 'key-objects';
  /** Its title as coded; null where it has none. */
  readonly title: string | null;
  /** What was picked out because something is wrong with it. */
  readonly isWarning: boolean;
  /** Why images were picked so, as its maker wrote. */
  readonly reasons: readonly string[];
  readonly description: string | null;
  readonly references: ImageReferences;
};

const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';
/** Rejected for quality, a quality issue, rejected for safety, the wrong patient or order (PS3.16 CID 7010, CID 7011). */
const WARNINGS: ReadonlySet<string> = new Set(['113001', '113010', '113037', '113038']);
/** Lists of all there is, made for exchange: they pick nothing out. */
const MANIFESTS: ReadonlySet<string> = new Set(['113030', '113031', '113032', '113033', '113034', '113035', '113036']);
const MOST_REASONS = 20;

/** Reads a selection of key images; null of a data set that is none, and of a manifest. */
export function readKeyObjects(dataSet: DicomJson, seriesUid: string): KeyObjects | null {
  const provenance = provenanceOf(dataSet, seriesUid);
  if (provenance === null || textOf(dataSet, TAG.SOPClassUID) !== KEY_OBJECT_SELECTION) return null;
  const [title] = itemsOf(dataSet, '0040A043');
  const code = title === undefined ? null : textOf(title, '00080100');
  if (code !== null && MANIFESTS.has(code)) return null;
  const content = itemsOf(dataSet, '0040A730');
  const valued = (type: string) => content.filter((item) => textOf(item, '0040A040') === type);
  return {
    kind: 'key-objects',
    ...provenance,
    person: provenance.person ?? observerOf(content),
    title: title === undefined ? null : (textOf(title, '00080104') ?? code),
    isWarning: code !== null && WARNINGS.has(code),
    reasons: valued('CODE')
      .flatMap((item) => meaningOf(item, '0040A168') ?? [])
      .slice(0, MOST_REASONS),
    description: valued('TEXT').map((item) => textOf(item, '0040A160'))[0] ?? null,
    references: joinReferences(valued('IMAGE').map((item) => readReferences(itemsOf(item, '00081199')))),
  };
}

function meaningOf(item: DicomJson, tag: string): string | null {
  const [code] = itemsOf(item, tag);
  return code === undefined ? null : (textOf(code, '00080104') ?? textOf(code, '00080100'));
}

/** Person Observer Name (121008, DCM). */
function observerOf(content: readonly DicomJson[]): string | null {
  const item = content.find((one) => {
    const [name] = itemsOf(one, '0040A043');
    return textOf(one, '0040A040') === 'PNAME' && name !== undefined && textOf(name, '00080100') === '121008';
  });
  return item === undefined ? null : personNameOf(item, '0040A123');
}
