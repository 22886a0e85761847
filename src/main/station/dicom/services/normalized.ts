import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { ReadDataset } from '../dataset/dataset.ts';
import type { Tag } from '../dataset/dictionary.ts';
import type { DicomRecord } from '../dataset/write-dataset.ts';
import { COMMANDS, type CommandSet, NO_DATA_SET } from '../dimse/command-set.ts';
import { LONG_IDENTIFIER, readIdentifier } from '../dimse/data-sets.ts';
import { DIMSE_STATUS, type DimseStatus } from '../dimse/status.ts';
import type { OpenAssociation, PeerRequestHandler } from '../open-association.ts';
import { type AskFailure, ask } from './ask.ts';

/** What an N-service is about. */
export type NormalizedTarget = { readonly sopClass: string; readonly sopInstanceUid: string };

/** The peer's answer: its status, and what it gives back. */
export type NormalizedResponse = {
  readonly status: number;
  readonly errorComment: string | null;
  readonly errorId: number | null;
  readonly sopInstanceUid: string | null;
  readonly dataset: ReadDataset | null;
};

type Answered = Promise<Result<NormalizedResponse, AskFailure>>;

/** Asks for an action (N-ACTION, PS3.7 §10.1.4). */
export function nAction(
  association: OpenAssociation,
  target: NormalizedTarget,
  actionTypeId: number,
  information: DicomRecord | null,
): Answered {
  const command = { ...requested(target), commandField: COMMANDS['n-action'], actionTypeId };
  return call(association, target.sopClass, command, information);
}

/** Reports an event (N-EVENT-REPORT, PS3.7 §10.1.1). On our own association it takes the SCP's role in the proposal. */
export function nEventReport(
  association: OpenAssociation,
  target: NormalizedTarget,
  eventTypeId: number,
  information: DicomRecord | null,
): Answered {
  const command = { ...affected(target), commandField: COMMANDS['n-event-report'], eventTypeId };
  return call(association, target.sopClass, command, information);
}

/** Creates an object (N-CREATE, PS3.7 §10.1.5). */
export function nCreate(association: OpenAssociation, target: NormalizedTarget, attributes: DicomRecord): Answered {
  return call(association, target.sopClass, { ...affected(target), commandField: COMMANDS['n-create'] }, attributes);
}

/** Changes an object (N-SET, PS3.7 §10.1.3). */
export function nSet(association: OpenAssociation, target: NormalizedTarget, modifications: DicomRecord): Answered {
  return call(association, target.sopClass, { ...requested(target), commandField: COMMANDS['n-set'] }, modifications);
}

/** Reads attributes of an object (N-GET, PS3.7 §10.1.2); none named are all. */
export function nGet(association: OpenAssociation, target: NormalizedTarget, attributes: readonly Tag[]): Answered {
  const named = attributes.length > 0 && { attributeIdentifiers: attributes };
  const command = { ...requested(target), commandField: COMMANDS['n-get'], ...named };
  return call(association, target.sopClass, command, null);
}

/** Deletes an object (N-DELETE, PS3.7 §10.1.6). */
export function nDelete(association: OpenAssociation, target: NormalizedTarget): Answered {
  return call(association, target.sopClass, { ...requested(target), commandField: COMMANDS['n-delete'] }, null);
}

function requested({ sopClass, sopInstanceUid }: NormalizedTarget) {
  return { requestedSopClass: sopClass, requestedSopInstance: sopInstanceUid };
}

function affected({ sopClass, sopInstanceUid }: NormalizedTarget) {
  return { affectedSopClass: sopClass, affectedSopInstance: sopInstanceUid };
}

async function call(
  association: OpenAssociation,
  sopClass: string,
  command: Omit<CommandSet, 'messageId' | 'dataSetType'>,
  record: DicomRecord | null,
): Answered {
  const answered = await ask(association, sopClass, command, record);
  if (!answered.ok) return answered;
  const { command: response, dataset } = answered.value;
  return ok({
    status: response.status ?? DIMSE_STATUS['processing-failure'],
    errorComment: response.errorComment ?? null,
    errorId: response.errorId ?? null,
    sopInstanceUid: response.affectedSopInstance ?? null,
    dataset,
  });
}

/** An event that a peer reports to us on our own association. */
export type IncomingEvent = NormalizedTarget & { readonly eventTypeId: number; readonly dataset: ReadDataset | null };

/** Takes events in on an association of ours: for `openAssociation`, whose `listen` waits for them. */
export function takingEvents(take: (event: IncomingEvent) => Promise<DimseStatus>): PeerRequestHandler {
  return async (context, message) => {
    const { commandField, affectedSopInstance = '', eventTypeId = 0 } = message.command;
    if (commandField !== COMMANDS['n-event-report']) return null;
    const read = await readIdentifier(message, context.transferSyntax, LONG_IDENTIFIER);
    const sopClass = context.sopClass;
    let status: DimseStatus = 'processing-failure';
    if (read.ok) {
      const { dataset, release } = read.value;
      try {
        status = await take({ sopClass, sopInstanceUid: affectedSopInstance, eventTypeId, dataset });
      } finally {
        release();
      }
    }
    return {
      affectedSopClass: sopClass,
      affectedSopInstance,
      eventTypeId,
      status: DIMSE_STATUS[status],
      dataSetType: NO_DATA_SET,
    };
  };
}
