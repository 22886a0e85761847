import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listed, misstate, readStatement, type Statement } from '../../../test/system/support/statement.ts';
import { ANSWER_WITHIN_MS } from './archive/peer-watch.ts';
import { ASK_TIMEOUT_MS } from './archive/query-peer.ts';
import { REQUESTOR_TIMES } from './dicom/open-association.ts';
import { Config } from './platform/config.ts';
import { ARTIM_MS } from './reception.ts';

/* What of docs/conformance.md only the code can say; the rest is asked of a station: test/system/conformance.test.ts; keys of searches: api/dicomweb/stated-keys.test.ts. */
const ROOT = path.resolve(import.meta.dirname, '../../..');
const MARKDOWN = readFileSync(path.join(ROOT, 'docs/conformance.md'), 'utf8');
const stated = readStatement(MARKDOWN);

test('the time limits are those of table 4.1-4', () => {
  const { timeouts } = Config.parse({}).dicom;
  const { connectMs, artimMs, responseMs } = REQUESTOR_TIMES;
  const seconds = (ms: number | null) => (ms === null ? '-' : String(ms / 1000));
  const limits: readonly (readonly [string, number | null, number | null])[] = [
    ['Connect', null, connectMs],
    ['Association request or answer (ARTIM)', ARTIM_MS, artimMs],
    ['Silence between messages', timeouts.idleMs, null],
    ['Next whole PDU of an object', timeouts.pduMs, null],
    ['One whole object', timeouts.objectMs, null],
    ['Answer to a message', null, responseMs],
    ["Answer to a person's query or echo, or to a count", null, ASK_TIMEOUT_MS],
    ['Each of connect, association and answer, where a destination is only looked at', null, ANSWER_WITHIN_MS],
  ];
  expect(stated('Time limits').map((row) => row.slice(0, 3))).toEqual(
    limits.map(([what, acceptor, requestor]) => [what, seconds(acceptor), seconds(requestor)]),
  );
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
