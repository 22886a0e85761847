import { type DicomJson, entryOf, itemsOf, textOf } from './dicom-json.ts';
import { TAG } from './tags.ts';

/** What a film says of how it was taken. */
export type FilmView = {
  /** Of which side it is (ImageLaterality, FrameLaterality or Laterality). */
  readonly side: string | null;
  /** Its view, as ViewPosition has it or as the code of its view means (PS3.16 CID 4010, 4014). */
  readonly position: string | null;
  /** What makes it no standard view: letters as mammographers write them (PS3.16 CID 4015); none of others. */
  readonly modifiers: readonly string[];
};

/** Views by code, of SNOMED CT and as SNOMED RT had them. */
const VIEWS: Readonly<Record<string, string>> = {
  ...{ 399162004: 'CC', 'R-10242': 'CC', 399368009: 'MLO', 'R-10226': 'MLO' },
  ...{ 399260004: 'ML', 'R-10224': 'ML', 399352003: 'LM', 'R-10228': 'LM', 399099002: 'LMO', 'R-10230': 'LMO' },
  ...{ 399192008: 'XCCL', 'Y-X1770': 'XCCL', 399101009: 'XCCM', 'Y-X1771': 'XCCM' },
  ...{ 399196006: 'FB', 'R-10244': 'FB', 399188001: 'SIO', 'R-102D0': 'SIO', 441555000: 'ISO' },
  ...{ 272479007: 'PA', 'R-10214': 'PA', 399348003: 'AP', 'R-10206': 'AP' },
  ...{ 399173006: 'LL', 'R-10236': 'LL', 399198007: 'RL', 'R-10232': 'RL', 399067008: 'LATERAL', 'R-102CD': 'LATERAL' },
};

const MODIFIERS: Readonly<Record<string, string>> = {
  ...{ 399161006: 'CV', 'R-102D2': 'CV', 399011000: 'AT', 'R-102D1': 'AT', 442580003: 'AT' },
  ...{ 399197002: 'RL', 'R-102D3': 'RL', 399226006: 'RM', 'R-102D4': 'RM' },
  ...{ 414493004: 'RI', 'R-102CA': 'RI', 415670009: 'RS', 'R-102C9': 'RS' },
  ...{ 399209000: 'ID', 'R-102D5': 'ID', 399163009: 'M', 'R-102D6': 'M' },
  ...{ 399055006: 'S', 'R-102D7': 'S', 399110001: 'TAN', 'R-102C2': 'TAN', 441752004: 'AC' },
  ...{ 442593008: 'IMF', 442581004: 'NP' },
};

/** Reads how a film was taken; a modifier that is not known stands by its code, so that nothing poses as a standard view. */
export function filmViewOf(dataSet: DicomJson): FilmView {
  const side =
    textOf(dataSet, TAG.ImageLaterality) ?? textOf(dataSet, TAG.FrameLaterality) ?? textOf(dataSet, TAG.Laterality);
  const [view] = itemsOf(dataSet, TAG.ViewCodeSequence);
  const coded = view === undefined ? undefined : entryOf(VIEWS, codeOf(view));
  const position = coded ?? textOf(dataSet, TAG.ViewPosition)?.toUpperCase() ?? null;
  const modifiers = view === undefined ? [] : itemsOf(view, TAG.ViewModifierCodeSequence).map(codeOf);
  return {
    ...{ side: side?.toUpperCase() ?? null, position },
    modifiers: modifiers.map((code) => entryOf(MODIFIERS, code) ?? code),
  };
}

function codeOf(item: DicomJson): string {
  return textOf(item, TAG.CodeValue) ?? '';
}
