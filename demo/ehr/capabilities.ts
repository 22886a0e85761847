import { type ResourceType, RULES, TAKEN_TYPES } from './resource-rules.ts';
import { parametersOf } from './search.ts';

/** What this server does, as it says it itself (FHIR R4 §2.21). */
export function capabilities(base: string): object {
  const interactions = (type: ResourceType) =>
    ['read', 'search-type', ...(TAKEN_TYPES.includes(type) ? ['create', 'update'] : [])].map((code) => ({ code }));
  return {
    ...{
      resourceType: 'CapabilityStatement',
      status: 'active',
      date: '2026-11-22',
      kind: 'instance',
      fhirVersion: '4.0.1',
    },
    ...{ format: ['application/fhir+json'], software: { name: 'Pretend hospital record' } },
    implementation: { description: 'A made-up record of made-up people', url: base },
    rest: [
      {
        mode: 'server',
        resource: (Object.keys(RULES) as ResourceType[]).map((type) => ({
          ...{ type, interaction: interactions(type), versioning: 'versioned-update' },
          ...(TAKEN_TYPES.includes(type) && { conditionalCreate: true, conditionalUpdate: true, updateCreate: true }),
          searchParam: parametersOf(type),
        })),
        interaction: [{ code: 'transaction' }, { code: 'batch' }],
      },
    ],
  };
}
