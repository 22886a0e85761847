import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listed, misstate, readStatement, type Statement } from '../../../test/system/support/statement.ts';
import { Config } from './platform/config.ts';

/* What of docs/conformance.md only the code can say; the rest is asked of a station: test/system/conformance.test.ts; keys of searches: api/dicomweb/stated-keys.test.ts. */
const ROOT = path.resolve(import.meta.dirname, '../../..');
const MARKDOWN = readFileSync(path.join(ROOT, 'docs/conformance.md'), 'utf8');
const stated = readStatement(MARKDOWN);

test('associations end by the times of table 4.1-4', () => {
  const rows = new Map(
    stated('Time limits').map(([what = '', acceptor = '', requestor = '']) => [what, { acceptor, requestor }]),
  );
  const { idleMs, pduMs, objectMs } = Config.parse({}).dicom.timeouts;
  expect([
    rows.get('Silence between messages'),
    rows.get('Next whole PDU of an object'),
    rows.get('One whole object'),
  ]).toEqual([idleMs, pduMs, objectMs].map((ms) => ({ acceptor: String(ms / 1000), requestor: '-' })));
  // The rest stand as constants beside their use.
  const source = (file: string) => readFileSync(path.join(ROOT, 'src/main/station', file), 'utf8').replaceAll('_', '');
  const {
    connectMs = '',
    artimMs = '',
    responseMs = '',
  } = /connectMs = (?<connectMs>\d+), artimMs = (?<artimMs>\d+), responseMs = (?<responseMs>\d+)/.exec(
    source('dicom/open-association.ts'),
  )?.groups ?? {};
  const seconds = (ms: string) => String(Number(ms) / 1000);
  expect(rows.get('Connect')?.requestor).toBe(seconds(connectMs));
  expect(rows.get('Answer to a message')?.requestor).toBe(seconds(responseMs));
  const ours = /ARTIMMS = (\d+)/.exec(source('reception.ts'))?.[1] ?? '';
  expect(rows.get('Association request or answer (ARTIM)')).toEqual({
    acceptor: seconds(ours),
    requestor: seconds(artimMs),
  });
});

test('every peer of table 8.9-1 is spoken to by the tests it names', () => {
  const faults = (statement: Statement) =>
    statement('Peers').flatMap(([what, dcmtk, orthanc, files]) => {
      const code = listed(files).map((file) => readFileSync(path.join(ROOT, file), 'utf8'));
      const programs = [...listed(dcmtk), ...listed(orthanc)].filter((name) => name !== '-');
      return programs.filter((name) => !code.some((text) => text.includes(name))).map((name) => `${what}: ${name}`);
    });
  expect(faults(stated)).toEqual([]);
  expect(faults(misstate(MARKDOWN, '| dcmqrscp | Orthanc |', '| wlmscpfs | Orthanc |'))).toEqual([
    'Query/Retrieve SCU: wlmscpfs',
  ]);
});
