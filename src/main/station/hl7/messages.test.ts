import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acknowledged, acknowledgement, UNREADABLE_AS } from './acknowledge.ts';
import { decodeText, encodeText } from './character-sets.ts';
import { escapeText, unescapeText, USUAL_DELIMITERS } from './escapes.ts';
import { type Place, readMessage } from './read-message.ts';
import { type HeaderWish, timeText, writeMessage } from './write-message.ts';

const AT_MS = Date.UTC(2026, 1, 14, 10, 15);
const OWN = { controlId: 'ours-1', atMs: AT_MS };
const WISH: HeaderWish = {
  from: { application: 'RIS', facility: ['SITE', '1.2.3', 'ISO'] },
  to: { application: 'WETREAD', facility: 'SITE' },
  ...{ atMs: AT_MS, type: ['ADT', 'A08', 'ADT_A01'], controlId: 'M1', processingId: 'P', version: '2.5.1' },
  characterSets: ['UNICODE UTF-8'],
};

function read(text: string, encoding: BufferEncoding = 'latin1') {
  const message = readMessage(Buffer.from(text, encoding));
  return message.ok ? message.value : message.error;
}

function written(wish: Partial<HeaderWish>, segments: Parameters<typeof writeMessage>[1]): Buffer {
  const message = writeMessage({ ...WISH, ...wish }, segments);
  if (!message.ok) throw new Error(message.error.code);
  return message.value;
}

test('what is written is read back, whatever text it holds and whatever it is divided by', () => {
  const text = fc.string({
    unit: fc.constantFrom('|', '^', '~', '\\', '&', 'E', 'F', '.br', 'X0D', 'é', '花', ' ', '"'),
  });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.boolean(), (values, isRepeated) => {
      const said = values.map((value) => (value === '""' ? '"' : value));
      const message = readMessage(written({}, [['PID', { 5: isRepeated ? { each: said } : said }]]));
      if (!message.ok) throw new Error(message.error.code);
      const back = said.map((_, index) =>
        message.value.value({ segment: 'PID', field: 5, [isRepeated ? 'repetition' : 'component']: index + 1 }),
      );
      expect(back).toEqual(said.map((value) => (value === '' ? undefined : value)));
    }),
  );
});

test('the header is told apart, and segments end in CR', () => {
  const bytes = written({ acknowledgement: { accept: 'AL', application: 'NE' } }, [
    ['EVN', { 1: 'A08', 2: timeText(AT_MS) }],
  ]);
  expect(bytes.toString()).toBe(
    'MSH|^~\\&|RIS|SITE^1.2.3^ISO|WETREAD|SITE|20260214101500+0000||ADT^A08^ADT_A01|M1|P|2.5.1|||AL|NE||UNICODE UTF-8\rEVN|A08|20260214101500+0000\r',
  );
  const message = readMessage(bytes);
  expect(message.ok && message.value.header).toEqual({
    ...{ sendingApplication: ['RIS'], sendingFacility: ['SITE', '1.2.3', 'ISO'], receivingApplication: ['WETREAD'] },
    ...{ receivingFacility: ['SITE'], sentAt: '20260214101500+0000', type: 'ADT', event: 'A08', controlId: 'M1' },
    ...{ processingId: 'P', version: '2.5.1', acceptAcknowledgement: 'AL', applicationAcknowledgement: 'NE' },
    characterSets: ['UNICODE UTF-8'],
  });
  expect(message.ok && message.value.segments).toEqual(['MSH', 'EVN']);
});

test('delimiters are the message’s own; nothing said, to be deleted, and text are three things', () => {
  const message = readMessage(
    Buffer.from('MSH#*@!%#A#B#C#D#20260101##ADT*A08#1#P#2.3\nPID#1##7*x%y@8#""##Doe!F!*Jo\nPID#2'),
  );
  if (!message.ok) throw new Error(message.error.code);
  const { value, repetitions } = message.value;
  const place = (field: number, more: Partial<Place> = {}) => value({ segment: 'PID', field, ...more });
  expect([place(3), place(3, { repetition: 2 }), place(3, { component: 2, subcomponent: 2 })]).toEqual(['7', '8', 'y']);
  expect([place(4), place(5, { component: 1 }), place(6), place(6, { component: 2 }), place(99)]).toEqual([
    null,
    undefined,
    'Doe#',
    'Jo',
    undefined,
  ]);
  expect([place(1), place(1, { occurrence: 2 }), place(1, { occurrence: 3 })]).toEqual(['1', '2', undefined]);
  expect([repetitions({ segment: 'PID', field: 3 }), repetitions({ segment: 'PID', field: 99 })]).toEqual([2, 0]);
});

test.each([
  ['a\\F\\b\\S\\c\\R\\d\\T\\e\\E\\f', 'a|b^c~d&e\\f'],
  ['one\\.br\\two\\H\\bold\\N\\', 'one\ntwobold'],
  ['\\X0D0A\\\\X41\\', '\nA'],
  ['\\E\\F\\', '\\F\\'],
  ['\\XC3A9\\ \\Zunknown\\ \\', '\\XC3A9\\ \\Zunknown\\ \\'],
  ['C:\\new', 'C:\\new'],
])('%s means %j', (raw, text) => {
  expect(unescapeText(raw, USUAL_DELIMITERS)).toBe(text);
});

test('control characters do not leave: line ends are line breaks, the rest are spaces', () => {
  expect(escapeText('one\r\ntwo\rthree\x0b\x1cfour\tfive')).toBe('one\\.br\\two\\.br\\three  four five');
});

test.each([
  [['8859/1'], 'Übungsmann Jörg'],
  [['8859/2'], 'Łódź'],
  [['8859/5'], 'Пробин'],
  [['8859/15'], 'Œuvre €'],
  [['UNICODE UTF-8'], '見本^花子 가봉 😀'],
  [['', 'ISO IR87'], '見本^花子=みほん|~\\&ローマ'],
  [[], 'plain'],
])('in %j %s is written and read back', (sets, text) => {
  const encoded = encodeText(text, sets);
  expect(encoded.ok && decodeText(encoded.value, sets)).toEqual({ ok: true, value: text });
});

test('what a set does not have is neither written nor guessed', () => {
  const unknown = { ok: false, error: { code: 'character-set-unknown' } };
  const missing = { ok: false, error: { code: 'not-in-character-set' } };
  expect(encodeText('花', ['8859/1'])).toEqual(missing);
  expect(encodeText('é', [])).toEqual(missing);
  expect(encodeText('é', ['', 'ISO IR87'])).toEqual(missing);
  expect(encodeText('a', ['UNICODE'])).toEqual(unknown);
  expect(encodeText('花', ['BIG-5'])).toEqual(unknown);
  expect(decodeText(Buffer.from('花'), ['BIG-5', 'UNICODE UTF-8'])).toEqual(unknown);
  expect(decodeText(Buffer.from('a'), ['', 'ISO IR159'])).toEqual(unknown);
  expect(decodeText(Buffer.from('a'), ['constructor'])).toEqual(unknown);
  expect(decodeText(Buffer.from('a'), ['8859/1', 'ISO IR87'])).toEqual(unknown);
  expect(decodeText(Buffer.from([0xfc]), [])).toEqual(missing);
  expect(decodeText(Buffer.from([0xfc]), ['UNICODE UTF-8'])).toEqual(missing);
  expect(decodeText(Buffer.from([0xfc]), ['8859/1'])).toEqual({ ok: true, value: 'ü' });
  expect(decodeText(Buffer.from([0xb0, 0xa1]), ['KS X 1001'])).toEqual({ ok: true, value: '가' });
});

test('a sender known to name the wrong set is read in the one it writes', () => {
  const bytes = Buffer.from('MSH|^~\\&|RIS|S|W|S|1||ADT^A08|1|P|2.5.1\rPID|||||J\xf6rg', 'latin1');
  expect(readMessage(bytes)).toMatchObject({
    ok: false,
    error: { code: 'not-in-character-set', header: { controlId: '1' } },
  });
  const message = readMessage(bytes, ['8859/1']);
  expect(message.ok && message.value.value({ segment: 'PID', field: 5 })).toBe('Jörg');
});

const HEAD = 'MSH|^~\\&|RIS|S|W|S|1||ADT^A08|M1|P|2.5.1';
test.each([
  ['', 'no-header', null],
  ['PID|1', 'no-header', null],
  ['MSHX^~\\&|', 'no-header', null],
  ['MSH||~\\&|A', 'no-header', null],
  ['MSH|^^\\&|A', 'no-header', null],
  [HEAD.replace('M1', ''), 'required-field-missing', ''],
  [HEAD.replace('ADT^A08', ''), 'required-field-missing', 'M1'],
  [`${HEAD}\rPID|1|\x0bMSH|^~\\&|second`, 'control-characters', 'M1'],
  [`${HEAD}\rnot a segment`, 'segment-name-invalid', 'M1'],
  [`${HEAD}\r${'NTE|1\r'.repeat(20_001)}`, 'too-many-segments', 'M1'],
  [`${HEAD}||||||KLINGON`, 'character-set-unknown', 'M1'],
])('%# is refused as %s', (text, code, controlId) => {
  const failure = read(text);
  expect(failure).toMatchObject({ code });
  expect('header' in failure && (failure.header?.controlId ?? null)).toBe(controlId);
  expect(Object.keys(UNREADABLE_AS)).toContain(code);
});

test('no bytes make the reader throw, and whoever sent a header can be answered', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .string({ unit: fc.constantFrom('MSH', '|', '^~\\&', '\r', 'PID', '"', '\\X', '\\', 'é', '\x00', '8859/1') })
      .map((one) => Buffer.from(`MSH|^~\\&|${one}`)),
  );
  fc.assert(
    fc.property(bytes, (hostile) => {
      const message = readMessage(hostile);
      if (!message.ok && message.error.header !== null) {
        const reason = UNREADABLE_AS[message.error.code];
        const answer = acknowledgement(message.error.header, { state: 'content-error', reason }, OWN);
        if (answer !== null) expect(answer.every((byte) => byte < 0x80)).toBe(true);
      }
      if (message.ok)
        for (const segment of message.value.segments)
          message.value.value({ segment, field: 3, component: 2, subcomponent: 2 });
    }),
    { numRuns: 500 },
  );
});

test('an answer names the message and what was wrong with where, and turns sender and receiver round', () => {
  const message = readMessage(written({}, []));
  if (!message.ok) throw new Error(message.error.code);
  const { header } = message.value;
  const fault = { state: 'content-error', reason: 'required-field-missing', location: 'PID^1^3' } as const;
  expect(acknowledgement(header, fault, OWN)?.toString().split('\r')).toEqual([
    'MSH|^~\\&|WETREAD|SITE|RIS|SITE^1.2.3^ISO|20260214101500+0000||ACK^A08^ACK|ours-1|P|2.5.1',
    'MSA|AE|M1',
    'ERR||PID^1^3|101^Required field missing^HL70357|E',
    '',
  ]);
});

test.each([
  ['', '', 'AA AE AR'],
  ['AL', 'NE', 'CA CE CR'],
  ['NE', 'AL', '- - -'],
  ['ER', '', '- CE CR'],
  ['SU', '', 'CA - -'],
  ['', 'AL', '- - -'],
])('MSH-15 "%s" and MSH-16 "%s": %s', (accept, application, codes) => {
  const message = read(`${HEAD}|||${accept}|${application}`);
  if (!('value' in message)) throw new Error(message.code);
  const verdicts = [
    { state: 'accepted' },
    { state: 'content-error', reason: 'data-type' },
    { state: 'rejected', reason: 'internal-error' },
  ] as const;
  const answers = verdicts.map((verdict) => {
    const bytes = acknowledgement(message.header, verdict, OWN);
    const answer = bytes === null ? null : readMessage(bytes);
    if (answer === null || !answer.ok) return '-';
    const told = acknowledged(answer.value);
    expect(told).toMatchObject({ controlId: 'M1', state: verdict.state });
    return told?.code;
  });
  expect(answers.join(' ')).toBe(codes);
});

test('what is no acknowledgement acknowledges nothing', () => {
  for (const text of [HEAD, `${HEAD}\rMSA|XX|M1`]) {
    const message = read(text);
    expect('value' in message && acknowledged(message)).toBe(null);
  }
});
