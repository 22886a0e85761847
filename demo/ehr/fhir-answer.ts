import type { FhirFailure, Kept, Written } from './fhir-store.ts';

/** What goes back: a resource, a bundle, or an OperationOutcome. */
export type FhirAnswer = {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
};

/** An OperationOutcome of one issue. */
export function outcome(status: number, code: string, what: string): FhirAnswer {
  return { status, body: outcomeOf(code, [{ at: '', what }]) };
}

/** The answer to a write: the resource as it is now, with its version and place. */
export function answerOf({ resource, outcome: how }: Written, base: string): FhirAnswer {
  const location = `${base}/${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`;
  return { status: how === 'created' ? 201 : 200, body: resource, headers: { ...versionHeaders(resource), location } };
}

/** The version of a resource, as HTTP says it. */
export function versionHeaders({ meta }: Kept): Readonly<Record<string, string>> {
  return { etag: `W/"${meta.versionId}"`, 'last-modified': new Date(meta.lastUpdated).toUTCString() };
}

/** A bundle of answers to the entries of another, in their order. */
export function bundleAnswer(type: string, answers: readonly FhirAnswer[]): FhirAnswer {
  const entry = answers.map(({ status, body, headers = {} }) => ({
    ...(status < 300 && { resource: body }),
    response: {
      status: String(status),
      ...(headers['location'] !== undefined && { location: headers['location'] }),
      ...(headers['etag'] !== undefined && { etag: headers['etag'] }),
      ...(status >= 300 && { outcome: body }),
    },
  }));
  return { status: 200, body: { resourceType: 'Bundle', type, ...(entry.length > 0 && { entry }) } };
}

/** The answer to what was not done. */
export function failed({ status, code, issues }: FhirFailure): FhirAnswer {
  return { status, body: outcomeOf(code, issues) };
}

function outcomeOf(code: string, issues: FhirFailure['issues']): object {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ at, what }) => ({
      ...{ severity: 'error', code, diagnostics: what },
      ...(at !== '' && { expression: [at] }),
    })),
  };
}
