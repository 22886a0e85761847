import type { ReadDataset } from '../dataset/dataset.ts';
import type { NormalizedAnswer, NormalizedRequest, ServiceClass, ServiceRequest } from '../server-services.ts';
import { COMMANDS, type CommandSet } from './command-set.ts';

/** One N-service (PS3.7 §10.1). */
type Operation = {
  /** Which fields of the command name the object. */
  readonly about: 'requested' | 'affected';
  /** Who may ask for it: N-EVENT-REPORT comes from the SCP, the rest from the SCU. */
  readonly from: 'scu' | 'scp';
  /** The peer must name the object; with N-CREATE it may leave that to us. */
  readonly needsInstance: boolean;
  /** The service's handler with what it needs of the command; null where it has none. */
  readonly ask: <Context>(
    service: ServiceClass<Context>,
    request: NormalizedRequest<Context>,
    command: CommandSet,
  ) => Promise<NormalizedAnswer> | null;
};

const scu = { about: 'requested', from: 'scu', needsInstance: true } as const;
const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [
    COMMANDS['n-get'],
    {
      ...scu,
      ask: ({ getAttributes }, request, { attributeIdentifiers = [] }) =>
        getAttributes?.({ ...request, attributes: attributeIdentifiers }) ?? null,
    },
  ],
  [COMMANDS['n-set'], { ...scu, ask: ({ set }, request) => set?.(request) ?? null }],
  [
    COMMANDS['n-action'],
    { ...scu, ask: ({ action }, request, { actionTypeId = 0 }) => action?.({ ...request, actionTypeId }) ?? null },
  ],
  [
    COMMANDS['n-create'],
    { ...scu, about: 'affected', needsInstance: false, ask: ({ create }, request) => create?.(request) ?? null },
  ],
  [COMMANDS['n-delete'], { ...scu, ask: ({ remove }, request) => remove?.(request) ?? null }],
  [
    COMMANDS['n-event-report'],
    {
      ...scu,
      about: 'affected',
      from: 'scp',
      ask: ({ eventReport }, request, { eventTypeId = 0 }) => eventReport?.({ ...request, eventTypeId }) ?? null,
    },
  ],
]);

/** True where a command is one of the N-services. */
export function isNormalized(commandField: number): boolean {
  return OPERATIONS.has(commandField);
}

/** Who may ask for an N-service. */
export function askerOf(commandField: number): 'scu' | 'scp' {
  return OPERATIONS.get(commandField)?.from ?? 'scu';
}

/** Asks the service's handler for an N-service; what it does not offer is answered 0211. */
export async function answerNormalized<Context>(
  service: ServiceClass<Context>,
  command: CommandSet,
  dataset: ReadDataset | null,
  request: ServiceRequest<Context>,
): Promise<NormalizedAnswer> {
  const operation = OPERATIONS.get(command.commandField);
  if (!operation) return { status: 'unrecognized-operation' };
  const sopInstanceUid = named(command, operation)?.trim() ?? '';
  const isMissing = sopInstanceUid === '' && operation.needsInstance;
  if (isMissing || !/^[0-9.]{0,64}$/.test(sopInstanceUid)) return { status: 'invalid-object-instance' };
  return (
    (await operation.ask(service, { ...request, sopInstanceUid, dataset }, command)) ?? {
      status: 'unrecognized-operation',
    }
  );
}

/** What a response repeats of its request, as PS3.7 §10.3 lists it per service. */
export function repeated(command: CommandSet, answer: NormalizedAnswer): Partial<CommandSet> {
  const operation = OPERATIONS.get(command.commandField);
  const instance = answer.sopInstanceUid ?? (operation ? named(command, operation) : undefined);
  const sopClass = command.requestedSopClass ?? command.affectedSopClass;
  return {
    ...(sopClass !== undefined && { affectedSopClass: sopClass }),
    ...(instance !== undefined && { affectedSopInstance: instance }),
    ...(command.actionTypeId !== undefined && { actionTypeId: command.actionTypeId }),
    ...(command.eventTypeId !== undefined && { eventTypeId: command.eventTypeId }),
  };
}

function named(command: CommandSet, { about }: Operation): string | undefined {
  return about === 'requested' ? command.requestedSopInstance : command.affectedSopInstance;
}
