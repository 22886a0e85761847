import { OpenAPIGenerator } from '@orpc/openapi';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import { contract } from '../../../shared/contract/contract.ts';
import { REST_PREFIX } from './rest-prefix.ts';

/** The REST side of the contract as an OpenAPI 3.1 document. */
export function describeApi(version: string): Promise<object> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  return generator.generate(contract, {
    info: { title: 'Wetread', version },
    servers: [{ url: REST_PREFIX }],
    security: [{ bearer: [] }],
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    filter: ({ contract: procedure }) => procedure['~orpc'].route.path !== undefined,
  });
}
