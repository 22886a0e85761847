import { z } from 'zod';

/** A FHIR resource as JSON: what its rules say holds of it. */
export type Resource = { readonly resourceType: string; readonly id?: string } & Readonly<Record<string, unknown>>;

const Coding = z.looseObject({ system: z.string().optional(), code: z.string().optional() });
const Concept = z.looseObject({ coding: z.array(Coding).optional(), text: z.string().optional() });
const Identifier = z.looseObject({ system: z.string().optional(), value: z.string().optional() });
const Reference = z.looseObject({ reference: z.string().optional(), identifier: Identifier.optional() });
const Quantity = z.looseObject({ value: z.number().optional(), unit: z.string().optional() });
const DateTime = z.string().regex(/^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?$/);
const Instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);
const Id = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/);
const many = <T extends z.ZodType>(one: T) => z.array(one).min(1).optional();

const common = {
  id: Id.optional(),
  meta: z.looseObject({ security: z.array(Coding).optional() }).optional(),
  text: z.looseObject({ status: z.string(), div: z.string() }).optional(),
  extension: z.array(z.looseObject({ url: z.string() })).optional(),
  ...{
    implicitRules: z.string().optional(),
    language: z.string().optional(),
    contained: z.array(z.looseObject({})).optional(),
  },
  identifier: z.array(Identifier).optional(),
};

/** The elements of a resource type (FHIR R4), what is required of it, and its required bindings; others are refused by name. */
function rule<const T extends string, S extends z.ZodRawShape>(resourceType: T, shape: S, others: string) {
  const open = Object.fromEntries(others.split(' ').map((name) => [name, z.unknown().optional()]));
  return z.strictObject({ ...common, ...open, ...shape, resourceType: z.literal(resourceType) });
}

const OBSERVED = 'registered preliminary final amended corrected cancelled entered-in-error unknown'.split(' ');
const COMMUNICATED = 'preparation in-progress not-done on-hold stopped completed entered-in-error unknown'.split(' ');
const REQUESTED = 'draft active on-hold revoked completed entered-in-error unknown'.split(' ');
const INTENTS = 'proposal plan directive order original-order reflex-order filler-order instance-order option'.split(
  ' ',
);
const URGENCIES = ['routine', 'urgent', 'asap', 'stat'];
const TASKED =
  'draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error'.split(
    ' ',
  );

/** What is held of each type that is taken: R4's own rules, as far as an imaging department meets them. */
export const RULES = {
  Patient: rule(
    'Patient',
    {
      name: many(z.looseObject({})),
      gender: z.enum(['male', 'female', 'other', 'unknown']).optional(),
      birthDate: DateTime.optional(),
    },
    'active telecom deceasedBoolean deceasedDateTime address maritalStatus multipleBirthBoolean multipleBirthInteger photo contact communication generalPractitioner managingOrganization link modifierExtension',
  ),
  Practitioner: rule(
    'Practitioner',
    { name: many(z.looseObject({})) },
    'active telecom address gender birthDate photo qualification communication',
  ),
  ServiceRequest: rule(
    'ServiceRequest',
    {
      status: z.enum(REQUESTED),
      intent: z.enum(INTENTS),
      subject: Reference,
      priority: z.enum(URGENCIES).optional(),
      code: Concept.optional(),
      authoredOn: DateTime.optional(),
    },
    'instantiatesCanonical instantiatesUri basedOn replaces requisition category doNotPerform orderDetail quantityQuantity quantityRatio quantityRange encounter occurrenceDateTime occurrencePeriod occurrenceTiming asNeededBoolean asNeededCodeableConcept requester performerType performer locationCode locationReference reasonCode reasonReference insurance supportingInfo specimen bodySite note patientInstruction relevantHistory',
  ),
  ImagingStudy: rule(
    'ImagingStudy',
    {
      status: z.enum(['registered', 'available', 'cancelled', 'entered-in-error', 'unknown']),
      subject: Reference,
      started: DateTime.optional(),
    },
    'modality encounter basedOn referrer interpreter endpoint numberOfSeries numberOfInstances procedureReference procedureCode location reasonCode reasonReference note description series',
  ),
  DiagnosticReport: rule(
    'DiagnosticReport',
    {
      status: z.enum([...OBSERVED.slice(0, 1), 'partial', ...OBSERVED.slice(1), 'appended']),
      code: Concept,
      subject: Reference.optional(),
      result: many(Reference),
      imagingStudy: many(Reference),
      issued: Instant.optional(),
      effectiveDateTime: DateTime.optional(),
      conclusion: z.string().optional(),
      conclusionCode: many(Concept),
    },
    'basedOn category encounter effectivePeriod performer resultsInterpreter specimen media presentedForm',
  ),
  Observation: rule(
    'Observation',
    {
      status: z.enum(OBSERVED),
      code: Concept,
      category: many(Concept),
      subject: Reference.optional(),
      issued: Instant.optional(),
      effectiveDateTime: DateTime.optional(),
      valueQuantity: Quantity.optional(),
      valueCodeableConcept: Concept.optional(),
      component: many(z.looseObject({ code: Concept })),
    },
    'basedOn partOf focus encounter effectivePeriod effectiveTiming effectiveInstant performer valueString valueBoolean valueInteger valueRange valueRatio valueSampledData valueTime valueDateTime valuePeriod dataAbsentReason interpretation note bodySite method specimen device referenceRange hasMember derivedFrom',
  ),
  Communication: rule(
    'Communication',
    {
      status: z.enum(COMMUNICATED),
      priority: z.enum(URGENCIES).optional(),
      subject: Reference.optional(),
      sent: DateTime.optional(),
      received: DateTime.optional(),
      recipient: many(Reference),
      payload: many(z.looseObject({})),
    },
    'instantiatesCanonical instantiatesUri basedOn partOf inResponseTo statusReason category medium topic about encounter sender reasonCode reasonReference note',
  ),
  Device: rule(
    'Device',
    { status: z.enum(['active', 'inactive', 'entered-in-error', 'unknown']).optional() },
    'definition udiCarrier statusReason distinctIdentifier manufacturer manufactureDate expirationDate lotNumber serialNumber deviceName modelNumber partNumber type specialization version property patient owner contact location url note safety parent',
  ),
  Task: rule(
    'Task',
    { status: z.enum(TASKED), intent: z.enum(['unknown', ...INTENTS]), priority: z.enum(URGENCIES).optional() },
    'instantiatesCanonical instantiatesUri basedOn groupIdentifier partOf statusReason businessStatus code description focus for encounter executionPeriod authoredOn lastModified requester performerType owner location reasonCode reasonReference insurance note relevantHistory restriction input output',
  ),
  Provenance: rule(
    'Provenance',
    { target: z.array(Reference).min(1), recorded: Instant, agent: z.array(z.looseObject({ who: Reference })).min(1) },
    'occurredPeriod occurredDateTime policy location reason activity entity signature',
  ),
} as const;
export type ResourceType = keyof typeof RULES;

/** What others may write here; people and who works here are the record's own. */
export const TAKEN_TYPES: readonly ResourceType[] = [
  ...(['DiagnosticReport', 'Observation', 'Communication', 'ImagingStudy'] as const),
  ...(['ServiceRequest', 'Device', 'Task', 'Provenance'] as const),
];

/** Whether a name is that of a type held here. */
export function isResourceType(name: string): name is ResourceType {
  return Object.hasOwn(RULES, name);
}

/** What is wrong with a resource, and where it stands. */
type Fault = { readonly at: string; readonly what: string };

/** What is wrong with a resource of a type, each with where; nothing is what is right. */
export function faultsOf(type: ResourceType, resource: unknown): readonly Fault[] {
  const { success, error } = RULES[type].safeParse(resource);
  if (success)
    return [
      ...choiceFaults(resource as Resource),
      ...emptyFaults(resource, type),
      ...targetFaults(resource as Resource),
    ];
  return error.issues.flatMap((issue) => {
    const at = [type, ...issue.path].join('.');
    if (issue.code !== 'unrecognized_keys') return [{ at, what: issue.message }];
    // An underscore carries extensions of a primitive element.
    return issue.keys
      .filter((key) => !key.startsWith('_'))
      .map((key) => ({ at: `${at}.${key}`, what: 'There is no such element' }));
  });
}

/** Of value[x] and effective[x] only one may stand. */
function choiceFaults(resource: Resource): readonly Fault[] {
  return ['value', 'effective'].flatMap((stem) => {
    const chosen = Object.keys(resource).filter((key) => new RegExp(`^${stem}[A-Z]`).test(key));
    return chosen.length < 2 ? [] : [{ at: `${resource.resourceType}.${stem}[x]`, what: 'More than one is given' }];
  });
}

/**
 * Everything that is there and says nothing (FHIR R4 §2.6.2, ele-1): empty text, lists and objects, and null, which only keeps the
 * place of an element in a list whose extensions stand beside it.
 */
function emptyFaults(value: unknown, at: string, isListed = false): readonly Fault[] {
  const isEmpty =
    value === '' ||
    (value === null && !isListed) ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  if (isEmpty) return [{ at, what: 'It is there and says nothing' }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => emptyFaults(inner, `${at}.${key}`, Array.isArray(value)));
}

/** What some elements may refer to, of the types held here (FHIR R4). */
const TARGETS: Readonly<Record<string, readonly ResourceType[]>> = {
  'ServiceRequest.subject': ['Patient', 'Device'],
  'ServiceRequest.requester': ['Patient', 'Practitioner', 'Device'],
  'ImagingStudy.subject': ['Patient', 'Device'],
  'ImagingStudy.basedOn': ['ServiceRequest', 'Task'],
  'DiagnosticReport.subject': ['Patient', 'Device'],
  'DiagnosticReport.basedOn': ['ServiceRequest'],
  'DiagnosticReport.result': ['Observation'],
  'DiagnosticReport.imagingStudy': ['ImagingStudy'],
  'Observation.subject': ['Patient', 'Device'],
  'Observation.basedOn': ['ServiceRequest'],
  'Observation.derivedFrom': ['ImagingStudy', 'Observation'],
  'Observation.device': ['Device'],
  'Communication.subject': ['Patient'],
  'Communication.recipient': ['Patient', 'Practitioner', 'Device'],
  'Communication.sender': ['Patient', 'Practitioner', 'Device'],
};

function targetFaults(resource: Resource): readonly Fault[] {
  return Object.entries(resource).flatMap(([element, value]) => {
    const at = `${resource.resourceType}.${element}`;
    const allowed: readonly string[] | undefined = TARGETS[at];
    if (allowed === undefined) return [];
    return (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((one) => {
      const { reference } = (one ?? {}) as { readonly reference?: unknown };
      const [, type] =
        /^(?:.*\/)?([A-Z]\w+)\/[A-Za-z0-9.-]+$/.exec(typeof reference === 'string' ? reference : '') ?? [];
      return type === undefined || allowed.includes(type) ? [] : [{ at, what: `It refers to no ${type}` }];
    });
  });
}
