import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { item, readItems, uidText } from './items.ts';
import type { PduFault } from './rejection.ts';
import { decodeUserInformation, encodeUserInformation, type UserInformation } from './user-information.ts';

/** The only application context there is (PS3.7 §A.2.1). */
export const DICOM_APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';

/** What became of a presentation context (PS3.8 Table 9-18). */
export const CONTEXT_RESULTS = {
  accepted: 0,
  'user-rejection': 1,
  'no-reason': 2,
  'abstract-syntax-not-supported': 3,
  'transfer-syntaxes-not-supported': 4,
} as const;

/** A presentation context: proposed with its abstract syntax and choices, or answered with a result and one choice. */
export type PresentationContext = {
  /** Odd, 1 to 255. */
  readonly id: number;
  /** Empty in an answer. */
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
  /** 0 in a proposal. */
  readonly result: number;
};

/** The content of an A-ASSOCIATE-RQ or -AC (PS3.8 §9.3.2, §9.3.3). AE titles are without padding. */
export type AssociatePdu = {
  readonly protocolVersion: number;
  readonly calledAe: string;
  readonly callingAe: string;
  readonly applicationContext: string;
  readonly contexts: readonly PresentationContext[];
  readonly userInformation: UserInformation;
};

type Kind = 'associate-request' | 'associate-accept';

const ITEM = { application: 0x10, proposed: 0x20, answered: 0x21, abstract: 0x30, transfer: 0x40, user: 0x50 } as const;
const FIXED_LENGTH = 68;

/** Encodes the body of an A-ASSOCIATE-RQ or -AC. */
export function encodeAssociate(pdu: AssociatePdu, kind: Kind): Uint8Array {
  const fixed = Buffer.alloc(FIXED_LENGTH);
  fixed.writeUInt16BE(pdu.protocolVersion, 0);
  fixed.write(pdu.calledAe.padEnd(16).slice(0, 16), 4, 'latin1');
  fixed.write(pdu.callingAe.padEnd(16).slice(0, 16), 20, 'latin1');
  return Buffer.concat([
    fixed,
    item(ITEM.application, Buffer.from(pdu.applicationContext, 'latin1')),
    ...pdu.contexts.map((context) => encodeContext(context, kind)),
    item(ITEM.user, encodeUserInformation(pdu.userInformation)),
  ]);
}

function encodeContext(context: PresentationContext, kind: Kind): Uint8Array {
  const head = Uint8Array.of(context.id, 0, context.result, 0);
  const syntaxes = context.transferSyntaxes.map((uid) => item(ITEM.transfer, Buffer.from(uid, 'latin1')));
  if (kind === 'associate-accept') return item(ITEM.answered, Buffer.concat([head, ...syntaxes]));
  const abstract = item(ITEM.abstract, Buffer.from(context.abstractSyntax, 'latin1'));
  return item(ITEM.proposed, Buffer.concat([head, abstract, ...syntaxes]));
}

/** Decodes the body of an A-ASSOCIATE-RQ or -AC; items it does not know are passed over, as PS3.8 §9.3.1 asks. */
export function decodeAssociate(body: Buffer, kind: Kind): Result<AssociatePdu, PduFault> {
  if (body.length < FIXED_LENGTH) return err({ code: 'invalid-parameter-value' });
  const items = readItems(body.subarray(FIXED_LENGTH));
  if (items === null) return err({ code: 'invalid-parameter-value' });
  let applicationContext = '';
  let userInformation = decodeUserInformation([]);
  const contexts: PresentationContext[] = [];
  for (const { type, data } of items) {
    if (type === ITEM.application) applicationContext = uidText(data);
    if (type === (kind === 'associate-request' ? ITEM.proposed : ITEM.answered)) {
      const context = decodeContext(data);
      if (context === null || contexts.some((other) => other.id === context.id)) {
        return err({ code: 'invalid-parameter-value' });
      }
      contexts.push(context);
    }
    if (type === ITEM.user) {
      const userItems = readItems(data);
      if (userItems === null) return err({ code: 'invalid-parameter-value' });
      userInformation = decodeUserInformation(userItems);
    }
  }
  return ok({
    protocolVersion: body.readUInt16BE(0),
    calledAe: body.toString('latin1', 4, 20).trim(),
    callingAe: body.toString('latin1', 20, 36).trim(),
    applicationContext,
    contexts,
    userInformation,
  });
}

function decodeContext(data: Buffer): PresentationContext | null {
  if (data.length < 4) return null;
  const items = readItems(data.subarray(4));
  const id = data.readUInt8(0);
  if (items === null || id % 2 === 0) return null;
  const texts = (type: number) => items.filter((one) => one.type === type).map((one) => uidText(one.data));
  return {
    id,
    abstractSyntax: texts(ITEM.abstract)[0] ?? '',
    transferSyntaxes: texts(ITEM.transfer),
    result: data.readUInt8(2),
  };
}
