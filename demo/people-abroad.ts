import { DEMO_ISSUER, type Person } from './people.ts';
import type { DemoCharacterSet } from './phantoms/study-objects.ts';

/** Someone whose name needs another character set than the Latin ones, and the one their hospital's machines write. */
export type PersonAbroad = { readonly person: Person; readonly characterSet: DemoCharacterSet };

const LISTED: readonly (readonly [string, string, Person['sex'], DemoCharacterSet])[] = [
  ['Mihon^Hanako=見本^花子=みほん^はなこ', '19550714', 'F', ['', 'ISO 2022 IR 87']],
  ['Kaku^Jiro=架空^次郎=かくう^じろう', '19720202', 'M', ['', 'ISO 2022 IR 87']],
  ['Yangben^Xiao=样本^晓', '19680919', 'F', ['GB18030']],
  ['Gabong^Dalsu=가봉^달수', '19491230', 'M', ['', 'ISO 2022 IR 149']],
  ['Probin^Ossip=Пробин^Осип', '19610308', 'M', ['ISO_IR 192']],
];

/** People of the pretend hospital whose names are written in several scripts (PS3.5 §6.2.1.2); none shares a record number. */
export const PEOPLE_ABROAD: readonly PersonAbroad[] = LISTED.map(([name, birthDate, sex, characterSet], index) => ({
  person: { name, birthDate, sex, mrn: `DEMO9${String(index + 1).padStart(4, '0')}`, issuer: DEMO_ISSUER },
  characterSet,
}));
