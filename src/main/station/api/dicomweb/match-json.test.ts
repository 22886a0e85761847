import { expect, test } from 'vitest';
import { studyJson } from './match-json.ts';

test('an attribute without a value, or with an empty one, has none', () => {
  const json = studyJson(
    {
      ...{ studyUid: '1.2', dateRaw: null, timeRaw: '', zoneOffsetRaw: null, accession: '', description: 'CT' },
      ...{ referringPhysician: '', patientName: '', birthDateRaw: null, sex: null, dicomStudyId: null },
      ...{ patientId: '7', issuer: '', modalities: ['CT', ''], series: 1, instances: 0, availability: 'ONLINE' },
    },
    'http://here',
  );
  expect(json).toMatchObject({
    '00080030': { vr: 'TM' },
    '00080050': { vr: 'SH' },
    '00080061': { vr: 'CS', Value: ['CT'] },
    '00081030': { vr: 'LO', Value: ['CT'] },
    '00100020': { vr: 'LO', Value: ['7'] },
    '00201208': { vr: 'IS', Value: [0] },
  });
  for (const tag of ['00080030', '00080050', '00080090', '00100010', '00100021'])
    expect(json[tag]).not.toHaveProperty('Value');
});
