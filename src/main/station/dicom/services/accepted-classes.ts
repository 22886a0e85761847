import type { ServiceClass } from '../server-services.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import type { AcceptedClass } from '../upper-layer/negotiate.ts';

/** Storage by level 2: every attribute is kept, private ones too, and none is changed (PS3.4 Table B.3-2). */
const STORAGE_ANSWER = [2, 0, 0, 0, 0, 0];

/** What a service's SOP class is negotiated as: the requestor is its SCU, and its SCP where we take events (PS3.7 §D.3.3.4). */
export function asAcceptedClass(service: ServiceClass<never>): AcceptedClass {
  const { sopClass, transferSyntaxes, extendedAnswer } = service;
  const { find, get, move, action, create, set, getAttributes, remove, eventReport } = service;
  return {
    sopClass,
    transferSyntaxes: transferSyntaxes ?? [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN],
    requestor: {
      scu: [find, get, move, action, create, set, getAttributes, remove].some((handler) => handler !== undefined),
      scp: eventReport !== undefined,
    },
    ...(extendedAnswer && { extendedAnswer }),
  };
}

/** The storage classes as negotiated: a requestor that gets objects over its own association is their SCP (PS3.4 §C.5.3). */
export function storedClasses(
  accepts: readonly AcceptedClass[],
  services: readonly Pick<ServiceClass<never>, 'get'>[],
): readonly AcceptedClass[] {
  const scp = services.some(({ get }) => get !== undefined);
  return accepts.map((row) => ({
    extendedAnswer: STORAGE_ANSWER,
    ...row,
    requestor: { scu: row.requestor?.scu ?? true, scp },
  }));
}
