import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type CommandSet, encodeCommandSet } from '../../src/main/station/dicom/dimse/command-set.ts';
import type { AssociatePdu } from '../../src/main/station/dicom/upper-layer/associate-pdu.ts';
import { ourUserInformation } from '../../src/main/station/dicom/upper-layer/negotiate.ts';
import { encodeData, encodePdu, type Pdu, type Pdv } from '../../src/main/station/dicom/upper-layer/pdu.ts';
import { readPdus } from '../../src/main/station/dicom/upper-layer/read-pdus.ts';

/** A DICOM peer that says exactly what it is told to, however wrong. */
export type RawDicomPeer = {
  readonly socket: Socket;
  readonly send: (bytes: Uint8Array | readonly Uint8Array[]) => Promise<void>;
  /** The next PDU, or null where the other side closes. */
  readonly next: () => Promise<Pdu | null>;
  readonly hangUp: () => void;
};

/** Connects to a DICOM server on this machine. */
export async function rawDicomPeer(port: number): Promise<RawDicomPeer> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.on('error', () => {}); // the other side may reset; `next` then gives null
  const pdus = readPdus(socket, 1024 * 1024);
  return {
    socket,
    send: async (bytes) => {
      const whole = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
      if (!socket.write(whole)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    },
    next: async () => {
      await pdus.arrived();
      const read = pdus.take();
      if (read === null || read.done === true) return null;
      if (!read.value.ok) throw new Error(`The other side sent a bad PDU: ${read.value.error.code}`);
      const pdu = read.value.value;
      if (pdu.kind !== 'data') return pdu;
      return { ...pdu, pdvs: pdu.pdvs.map((pdv) => ({ ...pdv, data: Buffer.from(pdv.data) })) };
    },
    hangUp: () => socket.destroy(),
  };
}

/** An association request for some SOP classes, in explicit VR little endian. */
export function associateRequest(sopClasses: readonly string[], change: Partial<AssociatePdu> = {}): Uint8Array {
  return encodePdu({
    kind: 'associate-request',
    protocolVersion: 1,
    calledAe: 'WETREAD',
    callingAe: 'RAW',
    applicationContext: '1.2.840.10008.3.1.1.1',
    contexts: sopClasses.map((abstractSyntax, index) => ({
      id: 2 * index + 1,
      abstractSyntax,
      transferSyntaxes: ['1.2.840.10008.1.2.1'],
      result: 0,
    })),
    userInformation: ourUserInformation(16384),
    ...change,
  });
}

/** A C-STORE request command for a CT image, as one PDV. */
export function storeCommand(change: Partial<CommandSet> = {}): Pdv {
  const data = encodeCommandSet({
    commandField: 1,
    messageId: 7,
    affectedSopClass: '1.2.840.10008.5.1.4.1.1.2',
    affectedSopInstance: '1.2.3',
    priority: 0,
    dataSetType: 1,
    ...change,
  });
  return { contextId: 1, isCommand: true, isLast: true, data };
}

/** One P-DATA-TF. */
export function dataPdu(...pdvs: readonly Pdv[]): Uint8Array {
  return Buffer.concat(encodeData(pdvs));
}

/** A piece of a data set. */
export function dataPdv(length: number, isLast: boolean, contextId = 1): Pdv {
  return { contextId, isCommand: false, isLast, data: new Uint8Array(length) };
}
