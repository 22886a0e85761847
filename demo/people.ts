/** Someone who does not exist. Names say so; twins and near-namesakes are there because mixing them up is the oldest hazard. */
export type Person = {
  /** DICOM person name: family^given (PS3.5 §6.2.1). */
  readonly name: string;
  readonly mrn: string;
  readonly issuer: string;
  /** YYYYMMDD. */
  readonly birthDate: string;
  readonly sex: 'F' | 'M' | 'O';
};

export const DEMO_ISSUER = 'WETREAD-DEMO';

const LISTED: readonly (readonly [string, string, Person['sex']])[] = [
  ['Mockridge^Ada', '19580312', 'F'],
  ['Mockridge^Ida', '19580312', 'F'], // twins
  ['Samplewood^Jon', '19470925', 'M'],
  ['Samplewood^John', '19470926', 'M'], // a day and a letter apart
  ['Phantomsson^Per', '19390601', 'M'],
  ['Fakenham^Rosalind^Q', '19621130', 'F'],
  ['Übungsmann^Jörg', '19510417', 'M'],
  ['Trialby^Noor', '19840208', 'F'],
  ['Demoray^Célestine', '19760719', 'F'],
  ['Testerberg^Ola', '19330105', 'O'],
  ['Pretendergast^Maeve', '19690823', 'F'],
  ['Pretendergast^Maeve', '19930402', 'F'], // mother and daughter
  ['Invento^Luca', '19900514', 'M'],
  ['Specimen^Thaddeus^^Dr', '19450220', 'M'],
  ['Fictionelli^Bruna', '19720911', 'F'],
  ['Nemoson^Ulrik', '19551203', 'M'],
  ['Makebelieve^Sunniva', '19810628', 'F'],
  ['Placeholder^Gideon', '19640316', 'M'],
  ['Simulakra^Danica', '19871025', 'F'],
  ['Dummett^Archibald', '19300707', 'M'],
];

/** The people of the pretend hospital; no two share a record number. */
export const PEOPLE: readonly Person[] = LISTED.map(([name, birthDate, sex], index) => ({
  name,
  birthDate,
  sex,
  mrn: `DEMO${String(index + 1).padStart(5, '0')}`,
  issuer: DEMO_ISSUER,
}));
