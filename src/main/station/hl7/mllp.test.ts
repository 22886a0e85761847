import { createServer, connect, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { type MllpRemote, mllpTo } from './mllp-client.ts';
import { frame, readFrames } from './mllp-frames.ts';
import { type MllpServerOptions, startMllpServer } from './mllp-server.ts';

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function framesOf(chunks: readonly Uint8Array[], maxBytes?: number): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const read of readFrames(chunksOf(chunks), maxBytes))
    seen.push(read.ok ? read.value.toString('latin1') : `! ${read.error.code}`);
  return seen;
}

async function* chunksOf(chunks: readonly Uint8Array[]) {
  yield* chunks;
}

test('messages come out whole however the stream is cut; a lone 1C is data, and line ends between them are passed over', async () => {
  const message = fc.array(fc.constantFrom(0x0b, 0x0d, 0x1c, 0x41, 0x7c, 0xe9)).map((bytes) => Buffer.from(bytes));
  const messages = fc.array(message.filter((one) => !one.includes(Buffer.from([0x1c, 0x0d])) && one.at(-1) !== 0x1c));
  await fc.assert(
    fc.asyncProperty(messages, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), async (sent, lengths) => {
      const stream = Buffer.concat(sent.flatMap((one) => [frame(one), Buffer.from('\r\n')]));
      const chunks: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const length = lengths[turn % lengths.length] ?? 1;
        chunks.push(stream.subarray(at, at + length));
        at += length;
      }
      expect(await framesOf(chunks)).toEqual(sent.map((one) => one.toString('latin1')));
    }),
    { numRuns: 200 },
  );
});

test('the largest message is taken, one byte more is not, and no more than that is held', async () => {
  const largest = Buffer.alloc(64, 'A');
  for (const cut of [1, 30, 65, 66]) {
    const stream = frame(largest);
    expect(await framesOf([stream.subarray(0, cut), stream.subarray(cut)], 64)).toEqual(['A'.repeat(64)]);
  }
  expect(await framesOf([frame(Buffer.alloc(65, 'A'))], 64)).toEqual(['! message-too-large']);
  let asked = 0;
  const endless = (async function* () {
    for (;;) {
      asked += 1;
      yield Buffer.alloc(1000, asked === 1 ? 0x0b : 0x41);
    }
  })();
  for await (const read of readFrames(endless, 10_000))
    expect(read).toEqual({ ok: false, error: { code: 'message-too-large' } });
  expect(asked).toBeLessThan(13);
});

test('who sends byte by byte makes us hold their bytes, and no object for each', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heldBytes = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const sent = 300_000;
  const byte = Buffer.from('A');
  let heapBytes = 0;
  const drip = (async function* () {
    yield Buffer.from([0x0b]);
    const before = heldBytes();
    for (let at = 0; at < sent; at += 1) yield byte;
    heapBytes = heldBytes() - before;
    yield Buffer.from([0x1c]);
    yield Buffer.from([0x0d]);
  })();
  const lengths: number[] = [];
  for await (const read of readFrames(drip)) if (read.ok) lengths.push(read.value.length);
  expect(lengths).toEqual([sent]);
  // A buffer for each byte would be a hundred.
  expect(heapBytes).toBeLessThan(20 * sent);
});

test('what is cut short is no message, and who speaks something else is told apart', async () => {
  expect(await framesOf([frame(Buffer.from('one')), Buffer.from('\x0btwo\x1c')])).toEqual(['one', '! cut-short']);
  expect(await framesOf([Buffer.from('GET / HTTP/1.1\r\n'.repeat(100))])).toEqual(['! not-mllp']);
  expect(await framesOf([Buffer.from('\r\n'.repeat(20)), frame(Buffer.from('one'))])).toEqual(['one']);
  expect(() => frame(Buffer.from('a\x1c\rb'))).toThrow('trailer');
});

async function listener(wish: Partial<MllpServerOptions> = {}) {
  const told: string[] = [];
  const server = await startMllpServer({
    ...{ host: '127.0.0.1', port: 0, maxConnections: 4, idleMs: 5_000 },
    answer: async (message) => Buffer.from(`taken ${message.toString('latin1')}`),
    onFault: ({ code }) => told.push(code),
    onFailure: (error) => told.push(`failed: ${String(error)}`),
    ...wish,
  });
  endings.push(() => server.close());
  return { server, told };
}

function sender(port: number, wish: Partial<MllpRemote> = {}) {
  const to = mllpTo({ host: '127.0.0.1', port, connectMs: 2_000, answerMs: 2_000, ...wish });
  endings.push(() => to.close());
  const send = async (text: string) => {
    const outcome = await to.send(Buffer.from(text));
    return outcome.state === 'answered' ? outcome.answer.toString('latin1') : `${outcome.state} ${outcome.code}`;
  };
  return { send, close: () => to.close() };
}

test('each message has its answer, in the order sent, over one connection', async () => {
  const sockets = new Set<number>();
  const { server } = await listener({
    answer: async (message) => {
      if (message.toString() === 'first') await pause(30);
      return Buffer.from(`taken ${message.toString()}`);
    },
  });
  const counted = createServer((socket) => {
    sockets.add(socket.remotePort ?? 0);
    const on = connect(server.port, '127.0.0.1');
    socket.pipe(on).pipe(socket);
    for (const one of [socket, on]) one.on('error', () => undefined);
  });
  const { send } = sender(await portOf(counted));
  expect(await Promise.all(['first', 'second', 'third'].map(send))).toEqual([
    'taken first',
    'taken second',
    'taken third',
  ]);
  expect(sockets.size).toBe(1);
});

test('nobody there: it never left. A listener that hangs up or keeps silent: nobody knows', async () => {
  const gone = createServer();
  const port = await portOf(gone);
  await new Promise((resolve) => gone.close(resolve));
  expect(await sender(port).send('one')).toBe('never-left unreachable');
  const hangsUp = createServer((socket) => socket.once('data', () => socket.destroy()));
  expect(await sender(await portOf(hangsUp)).send('one')).toBe('unknown connection-lost');
  const silent = createServer((socket) => void socket.resume());
  expect(await sender(await portOf(silent), { answerMs: 60 }).send('one')).toBe('unknown no-answer');
  const rambling = createServer((socket) => socket.once('data', () => socket.write('x'.repeat(2_000))));
  expect(await sender(await portOf(rambling)).send('one')).toBe('unknown not-mllp');
  const { send, close } = sender(port);
  close();
  expect(await send('one')).toBe('never-left closed');
});

test('an answer that comes too late, or that nobody asked for, is never taken for the next message’s', async () => {
  const late = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const isFirst = data.includes('first');
      setTimeout(
        () => socket.write(frame(Buffer.from(isFirst ? 'answer to first' : 'answer to second'))),
        isFirst ? 900 : 0,
      );
    });
  });
  const { send } = sender(await portOf(late), { answerMs: 500 });
  expect(await send('first')).toBe('unknown no-answer');
  await pause(900);
  expect(await send('second')).toBe('answer to second');
  const chatty = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () =>
      socket.write(Buffer.concat(['answer', 'nobody asked'].map((one) => frame(Buffer.from(one))))),
    );
  });
  const to = sender(await portOf(chatty));
  expect(await to.send('one')).toBe('answer');
  await pause(20);
  expect(await to.send('two')).toBe('answer');
});

test('a listener that went away and came back is found again', async () => {
  const first = await listener();
  const { send } = sender(first.server.port);
  expect(await send('one')).toBe('taken one');
  await first.server.close();
  await pause(300); // until the sender has heard of it; a message in between is `unknown`
  expect(await send('two')).toBe('never-left unreachable');
  await listener({ port: first.server.port });
  expect(await send('three')).toBe('taken three');
});

test('closing lets the answer under way leave, and takes nothing more', async () => {
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
  const { promise: mayAnswer, resolve: goOn } = Promise.withResolvers<void>();
  const { server } = await listener({
    answer: async () => {
      isAsked();
      await mayAnswer;
      return Buffer.from('taken');
    },
  });
  const { send } = sender(server.port);
  const sent = send('one');
  await asked;
  const closed = server.close();
  goOn();
  expect(await sent).toBe('taken');
  await closed;
  await pause(20);
  expect(await send('two')).toBe('never-left unreachable');
});

test('a connection too many, one not allowed, an idle one and one that lies about its frame are closed; a bug answers nothing', async () => {
  const { server, told } = await listener({ maxConnections: 1, idleMs: 80, maxMessageBytes: 50 });
  const first = connect(server.port, '127.0.0.1');
  await opened(first);
  const second = connect(server.port, '127.0.0.1');
  await ended(second);
  await ended(first);
  const large = connect(server.port, '127.0.0.1');
  large.write(frame(Buffer.alloc(60, 'A')));
  await ended(large);
  expect(told).toEqual(['too-many-connections', 'idle', 'message-too-large']);

  const closed = await listener({ mayConnect: () => false });
  await ended(connect(closed.server.port, '127.0.0.1'));
  expect(closed.told).toEqual(['not-allowed']);

  const faulty = await listener({ answer: () => Promise.reject(new TypeError('bug')) });
  expect(await sender(faulty.server.port).send('one')).toBe('unknown connection-lost');
  expect(faulty.told).toEqual(['failed: TypeError: bug']);
});

test('who sends and never reads the answer is closed, and keeps no listener from closing', async () => {
  const { server, told } = await listener({ idleMs: 80, answer: async () => Buffer.alloc(16 * 1024 * 1024, 'A') });
  const deaf = connect(server.port, '127.0.0.1').pause();
  const hungUp = new Promise<void>((resolve) => deaf.on('error', () => undefined).once('close', () => resolve()));
  await opened(deaf);
  deaf.write(frame(Buffer.from('one')));
  await vi.waitFor(() => expect(told).toEqual(['idle']));
  await server.close();
  deaf.resume();
  await hungUp;
});

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('connect', () => resolve()));
}

function ended(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
