import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const station = path.resolve(import.meta.dirname, '../../src/main/station');

/** Who hands whole objects to somebody outside: each through `openForSending`, which names whose they are now. */
const EXITS: Readonly<Record<string, string>> = {
  'archive/outgoing-objects.ts': 'C-GET, C-MOVE and deliveries, in every transfer syntax but what is decoded',
  'archive/export-object.ts': 'exports as files, ZIP and DICOMDIR media',
  'api/services/dicomweb-services.ts': 'WADO-RS, and explicit forms for C-GET, C-MOVE and deliveries',
};

/** Who reads stored objects themselves, and why nothing of them leaves under an earlier name. */
const READERS: Readonly<Record<string, string>> = {
  'archive/check-object.ts': 'holds bytes against their digest',
  'archive/open-for-sending.ts': 'the door itself',
  'archive/pixel-digests.ts': 'takes digests of pixels, to know them again',
  'archive/receive-object.ts': 'compares what arrives with what is kept',
  'archive/stored-dataset.ts': 'attributes for describing and comparing within the archive',
  'archive/watch-reader.ts': 'passes reads on and tells of damage',
  'api/dicomweb/describe-part.ts': 'heads, described for metadata, which serve-as corrects',
  'api/dicomweb/stored-bytes.ts': 'ranges for frames, bulk data and metadata, corrected by serve-as',
  'api/services/quarantine-services.ts': 'quarantine is exported as it came, for whoever finds out what it is',
  'api/services/study-services.ts': 'masks of findings, which are no DICOM objects',
  'inference/replay-work.ts': 'kept masks, held against those of a replay',
  'inference/runner/fed-answers.ts': 'masks of other models, which are no DICOM objects',
  'inference/runner/prepare-series.ts': 'pixels for a model, which is told no patient',
  'inference/runner/serve-preparing.ts': 'reads them for prepare-series, on its thread',
};

function sources(): readonly string[] {
  return readdirSync(station, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => !/^(platform\/objects|testing|dicom)\//.test(file) && !/(^|\/)test-[^/]*$/.test(file));
}

/** The files whose code has the pattern. */
function having(pattern: RegExp): readonly string[] {
  return sources()
    .filter((file) => pattern.test(readFileSync(path.join(station, file), 'utf8')))
    .toSorted();
}

test('whole objects leave by one door, and its users are these', () => {
  expect(having(/\bopenForSending\(\{|\bopenForSending\(tools/)).toEqual(Object.keys(EXITS).toSorted());
});

test('nobody else reads what is stored than who has a reason that stands here', () => {
  expect(having(/objects\.read(Range)?\(|\breadObjectStart\(/)).toEqual(Object.keys(READERS).toSorted());
});

test('inference reaches other machines by one file, which is handed bytes of tensors by the one that writes them', () => {
  const connecting = having(/from 'node:(?:https?|net|tls|dgram|http2)'|\bfetch\(|\bnew WebSocket\(/);
  expect(connecting.filter((file) => file.startsWith('inference/'))).toEqual(['inference/runner/remote-server.ts']);
  expect(having(/\bconnectRemote\(/)).toEqual([
    'inference/runner/remote-server.ts',
    'inference/runner/remote-session.ts',
  ]);
  // What it is made of knows tensors and the protocol, and neither objects nor series.
  for (const file of ['kserve-messages', 'remote-server', 'remote-session'])
    expect(readFileSync(path.join(station, `inference/runner/${file}.ts`), 'utf8')).not.toMatch(
      /dicom|sopUid|seriesUid|studyUid|runId|source-facts|platform\/objects/i,
    );
});

test('what reads stored ranges for DICOMweb gives frames, bulk data and metadata, never a file', () => {
  expect(having(/\bdataSetReader\(/)).toEqual([
    'api/dicomweb/metadata-head.ts',
    'api/dicomweb/retrieve-frames.ts',
    'api/dicomweb/stored-bytes.ts',
    'api/dicomweb/stored-frames.ts',
  ]);
  expect(having(/\bopenBody\(|\breadStoredDataset\(/).filter((file) => !file.startsWith('archive/'))).toEqual([]);
});
