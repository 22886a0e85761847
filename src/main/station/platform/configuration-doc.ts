import { z } from 'zod';
import { Config } from './config.ts';

/** One key of the configuration file, as its page lists it. */
export type ConfigurationKey = {
  readonly key: string;
  readonly values: string;
  /** As JSON; empty where the key may be left out and then is not there. */
  readonly otherwise: string;
  readonly description: string;
};

type Schema = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
};

/** Every key of the configuration file, read from its schema. */
export function listKeys(): readonly ConfigurationKey[] {
  return keysBelow('', z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }) as Schema, '');
}

/** The page about the configuration file, in Markdown; kept as docs/configuration.md by a test. */
export function describeConfiguration(): string {
  const rows = listKeys().map(
    ({ key, values, otherwise, description }) =>
      `| \`${key}\` | ${values} | ${otherwise === '' ? '' : `\`${otherwise}\``} | ${description} |`,
  );
  return `# Configuration

One JSON file, named with \`--config FILE\`; every key may be left out. A key that is not listed here is refused by name. Secrets never stand in it: they come from the keychain, the environment (\`WETREAD_DATABASE_KEY\`, \`WETREAD_SIGNING_KEY\`) or the vault folder of the data directory.

This page is made from \`src/main/station/platform/config.ts\`; after a change there, \`npm run test:unit -- src/main/station/platform/config.test.ts -u\` writes it anew.

| Key | Values | Otherwise | Meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

function keysBelow(key: string, schema: Schema, parents: string): readonly ConfigurationKey[] {
  const description = schema.description ?? parents;
  const inner = schema.items?.properties === undefined ? schema.properties : schema.items.properties;
  if (inner === undefined) return [{ key, values: valuesOf(schema), otherwise: asJson(schema.default), description }];
  const below = Object.entries(inner).flatMap(([name, one]) =>
    keysBelow(`${key}${schema.items === undefined ? '' : '[]'}${key === '' ? '' : '.'}${name}`, one, description),
  );
  return schema.items === undefined
    ? below
    : [{ key, values: 'list', otherwise: asJson(schema.default), description }, ...below];
}

function valuesOf({ type, enum: names, items }: Schema): string {
  if (names !== undefined) return names.map((name) => `\`${name}\``).join(', ');
  if (type === 'array') return `list of ${valuesOf(items ?? {})}`;
  return (
    { string: 'text', integer: 'whole number', number: 'number', boolean: 'yes or no', object: 'numbers by name' }[
      type ?? ''
    ] ?? ''
  );
}

function asJson(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}
