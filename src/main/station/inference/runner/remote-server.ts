import { readFileSync } from 'node:fs';
import { Agent as PlainAgent, type IncomingMessage, request as askPlain } from 'node:http';
import { Agent, request as askTls } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import type { RemoteServer } from '../../../../shared/domain/provider.ts';
import { ComputeFault } from './session.ts';

/** What a server answered, whole. */
export type RemoteAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer<ArrayBuffer>;
};

/** One server. Every question may be asked again: asking changes nothing there. */
export type RemoteConnection = {
  /**
   * The answer to a GET, or to a POST of a body. Rejects with a `ComputeFault`: *remote-unreachable* where there is no whole
   * answer in time, or the server is too busy; *remote-refused* where it says no, or is not who it should be; *cancelled*.
   */
  ask(path: string, what: Question, signal?: AbortSignal): Promise<RemoteAnswer>;
  close(): void;
};

type Question = {
  readonly post?: { readonly body: readonly Uint8Array[]; readonly headers: Readonly<Record<string, string>> };
  /** A server that is not ready says so with any status that it likes: one that is may follow. */
  readonly isHealth?: boolean;
};

/** What a question is asked again after, in ms: a connection that broke, or a server that is busy for a moment. */
const ASK_AGAIN_AFTER_MS = [100, 1000];
/** More than this is no answer of a model whose outputs this process could hold. */
const LONGEST_ANSWER_BYTES = 2 ** 31;
/** What a server says of itself and of a model. */
const LONGEST_METADATA_BYTES = 16 * 2 ** 20;
const TOO_BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Who answers is not who should: asking again finds the same. */
const IS_ABOUT_TRUST = /^(?:ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_SSL|HOSTNAME_MISMATCH|INVALID_CA)/;

/** Connects as needed, and stays connected for the next question. Throws a `ComputeFault` where `caFile` cannot be read. */
export function connectRemote(server: RemoteServer): RemoteConnection {
  const base = new URL(server.url);
  const isTls = base.protocol === 'https:';
  const ca = server.caFile === undefined ? undefined : readOwn(server.caFile);
  const agent = isTls ? new Agent({ keepAlive: true, ...(ca && { ca }) }) : new PlainAgent({ keepAlive: true });

  async function ask(path: string, { post, isHealth = false }: Question, signal?: AbortSignal): Promise<RemoteAnswer> {
    const address = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base);
    for (let again = 0; ; again += 1) {
      const answer = await askInTime(address, post, signal);
      if (answer instanceof TryAgain || (!(answer instanceof Error) && TOO_BUSY.has(answer.status))) {
        const waitMs = ASK_AGAIN_AFTER_MS[again];
        if (waitMs === undefined) throw new ComputeFault({ code: 'remote-unreachable' }, whyNot(answer));
        await pause(waitMs, undefined, signal && { signal }).catch(() => undefined); // called off: asking says so
        continue;
      }
      if (answer instanceof Error) throw answer;
      if (answer.status === 200) return answer;
      const mayFollow = answer.status >= 500 || (isHealth && answer.status !== 401 && answer.status !== 403);
      throw new ComputeFault({ code: mayFollow ? 'remote-unreachable' : 'remote-refused' }, whyNot(answer));
    }
  }

  /** The answer, or why there is none. */
  async function askInTime(
    address: URL,
    post: Question['post'],
    signal: AbortSignal | undefined,
  ): Promise<RemoteAnswer | Error> {
    const inTime = AbortSignal.timeout(server.timeoutMs);
    try {
      return await askOnce(address, post, signal === undefined ? inTime : AbortSignal.any([signal, inTime]));
    } catch (error) {
      if (error instanceof ComputeFault) return error;
      if (signal?.aborted === true) return new ComputeFault({ code: 'cancelled' });
      // Asking again would take as long.
      if (inTime.aborted) return new ComputeFault({ code: 'remote-unreachable' }, 'no answer in time');
      const { code = '' } = error as NodeJS.ErrnoException;
      return IS_ABOUT_TRUST.test(code) ? new ComputeFault({ code: 'remote-refused' }, code) : new TryAgain(code);
    }
  }

  function askOnce(address: URL, post: Question['post'], signal: AbortSignal): Promise<RemoteAnswer> {
    const token = server.bearerFile === undefined ? null : readOwn(server.bearerFile).trim();
    const length = post?.body.reduce((sum, part) => sum + part.length, 0);
    return new Promise((resolve, reject) => {
      const request = (isTls ? askTls : askPlain)(address, {
        agent,
        method: post === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json, application/octet-stream',
          'accept-encoding': 'identity',
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(length !== undefined && { 'content-length': length }),
          ...post?.headers,
        },
        signal,
      });
      request.on('error', reject);
      request.on(
        'response',
        (response) =>
          void readWhole(response, post === undefined ? LONGEST_METADATA_BYTES : LONGEST_ANSWER_BYTES).then(
            resolve,
            reject,
          ),
      );
      for (const part of post?.body ?? []) request.write(part);
      request.end();
    });
  }

  return { ask, close: () => agent.destroy() };
}

/** There was no whole answer, and there may be one in a moment. */
class TryAgain extends Error {}

function whyNot(answer: RemoteAnswer | Error): string {
  return answer instanceof Error ? answer.message : `HTTP ${answer.status}`;
}

async function readWhole(response: IncomingMessage, mostBytes: number): Promise<RemoteAnswer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length <= mostBytes) continue;
    response.destroy();
    throw new ComputeFault({ code: 'remote-refused' }, 'an answer without end');
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
}

function readOwn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ComputeFault({ code: 'remote-refused' }, 'a file that the configuration names cannot be read');
  }
}
