import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { AssociatePdu } from '../../../src/main/station/dicom/upper-layer/associate-pdu.ts';
import { ourUserInformation } from '../../../src/main/station/dicom/upper-layer/negotiate.ts';
import type { RejectionBytes } from '../../../src/main/station/dicom/upper-layer/rejection.ts';
import { decodePdu, PDU_HEADER_LENGTH } from '../../../src/main/station/dicom/upper-layer/pdu.ts';
import { UpperLayer } from '../../../src/main/station/dicom/upper-layer/upper-layer.ts';
import type { UserInformation } from '../../../src/main/station/dicom/upper-layer/user-information.ts';

/** What is proposed; one presentation context per pair of class and syntaxes, at most 128. */
export type Wish = {
  readonly port: number;
  readonly callingAe: string;
  readonly calledAe?: string;
  readonly contexts: readonly { readonly sopClass: string; readonly transferSyntaxes: readonly string[] }[];
  readonly user?: Partial<UserInformation>;
  readonly protocolVersion?: number;
  readonly applicationContext?: string;
};

/** What came back: the whole A-ASSOCIATE-AC, or the three bytes of a rejection. `close` releases what was accepted. */
export type Answered = {
  readonly accept: AssociatePdu | null;
  readonly rejection: RejectionBytes | null;
  close(): Promise<void>;
};

const LIMIT_MS = 10_000;

/** Proposes an association and gives the answer as it stands in the PDU. */
export async function negotiate(wish: Wish): Promise<Answered> {
  const socket = connect({ host: '127.0.0.1', port: wish.port });
  await new Promise<void>((resolve, reject) => socket.once('connect', () => resolve()).once('error', reject));
  const link = new UpperLayer(socket, 'requestor', { maxPduLength: 16_384, artimMs: LIMIT_MS, writeMs: LIMIT_MS });
  await link.request({
    protocolVersion: wish.protocolVersion ?? 1,
    calledAe: wish.calledAe ?? 'WETREAD',
    callingAe: wish.callingAe,
    applicationContext: wish.applicationContext ?? '1.2.840.10008.3.1.1.1',
    contexts: wish.contexts.map(({ sopClass, transferSyntaxes }, index) => ({
      ...{ id: 2 * index + 1, abstractSyntax: sopClass, transferSyntaxes, result: 0 },
    })),
    userInformation: { ...ourUserInformation(16_384), ...wish.user },
  });
  const answer = await link.receive(LIMIT_MS);
  if (answer.kind === 'associate-accepted')
    return {
      accept: answer.accept,
      rejection: null,
      async close() {
        await link.askRelease();
        await link.receive(LIMIT_MS);
        await link.finish();
        link.destroy();
      },
    };
  link.destroy();
  if (answer.kind === 'associate-rejected') return { accept: null, rejection: answer.rejection, close: async () => {} };
  throw new Error(`an association request was answered by ${answer.kind}`);
}

/** Passes on to a DICOM server what comes, and keeps what is proposed to it. */
export async function recordProposals(behind: number): Promise<{
  readonly port: number;
  readonly proposals: AssociatePdu[];
  close(): Promise<void>;
}> {
  const proposals: AssociatePdu[] = [];
  const server = createServer((socket) => {
    const onward = connect({ host: '127.0.0.1', port: behind });
    let first: Buffer | null = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      if (first === null) return;
      first = Buffer.concat([first, chunk]);
      if (first.length < PDU_HEADER_LENGTH) return;
      const end = PDU_HEADER_LENGTH + first.readUInt32BE(2);
      if (first.length < end) return;
      const pdu = decodePdu(first[0] ?? 0, first.subarray(PDU_HEADER_LENGTH, end));
      if (pdu.ok && pdu.value.kind === 'associate-request') proposals.push(pdu.value);
      first = null;
    });
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, proposals, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
