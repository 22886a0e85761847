import { z } from 'zod';
import { ModelManifest } from '../src/shared/domain/model-manifest.ts';

/** What of JSON Schema the manifest's uses. */
type Schema = {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
};

/** The manifest as JSON Schema: what a person writes, with defaults left out or not. */
export function manifestSchema(): object {
  return {
    $id: 'https://wetread.example/model-manifest.schema.json',
    title: 'Wetread model manifest, schema 2',
    ...z.toJSONSchema(ModelManifest, { io: 'input' }),
  };
}

const HEAD = '| Field | Values | Left out | Meaning |\n|---|---|---|---|\n';

/** Every field of the manifest in Markdown, one table a part, made from the schema. */
export function describeManifest(): string {
  const root = manifestSchema() as Schema;
  const told = new Map<string, string>();
  return `${describeObject(root, '', told)}\n`;
}

/** A table of an object's fields, then a table for each form of those that have several. */
function describeObject(schema: Schema, prefix: string, told: Map<string, string>): string {
  const rows: string[] = [];
  const forms: { readonly path: string; readonly variants: readonly Schema[] }[] = [];
  const walk = (one: Schema, at: string): void => {
    for (const [name, field] of Object.entries(one.properties ?? {})) {
      const path = `${at}${name}`;
      if (field.const !== undefined && isForm(name)) continue;
      const isNeeded = one.required?.includes(name) === true;
      rows.push(`| \`${path}\` | ${valuesOf(field)} | ${otherwiseOf(field, isNeeded)} | ${field.description ?? ''} |`);
      const { inner, suffix } = unwrap(field);
      const variants = variantsOf(inner);
      if (variants.length > 0) forms.push({ path: `${path}${suffix}`, variants });
      else if (inner.properties !== undefined) walk(inner, `${path}${suffix}.`);
    }
  };
  walk(schema, prefix === '' ? '' : `${prefix}.`);
  const table = rows.length === 0 ? '' : `${HEAD}${rows.join('\n')}\n`;
  return [table, ...forms.map(({ path, variants }) => describeForms(path, variants, told))].join('\n');
}

function describeForms(path: string, variants: readonly Schema[], told: Map<string, string>): string {
  const known = variants.map((variant) => told.get(JSON.stringify(variant)));
  if (known.every((at) => at !== undefined)) {
    const names = variants.map((variant) => `\`${formOf(variant)}\``).join(', ');
    return `**\`${path}\`** takes these forms of \`${known[0]}\`: ${names}.\n`;
  }
  const tables = variants.map((variant) => {
    told.set(JSON.stringify(variant), path);
    const table = describeObject(variant, '', told);
    return `#### \`${path}\` with \`${formOf(variant)}\`\n\n${variant.description ?? ''}\n\n${table}`;
  });
  return tables.join('\n');
}

/** The fields whose one value tells which form an object has. */
function isForm(name: string): boolean {
  return ['do', 'kind', 'role', 'from', 'how'].includes(name);
}

function formOf({ properties = {} }: Schema): string {
  const [name = '', field] =
    Object.entries(properties).find(([key, one]) => isForm(key) && (one.const ?? one.enum)) ?? [];
  return `${name}: ${(field?.enum ?? [field?.const]).map((value) => JSON.stringify(value)).join(' | ')}`;
}

function variantsOf(schema: Schema): readonly Schema[] {
  return (schema.oneOf ?? schema.anyOf ?? []).filter(
    ({ properties }) => properties !== undefined && Object.keys(properties).some(isForm),
  );
}

/** Through lists, and through what may be null, to what an entry is. */
function unwrap(schema: Schema): { readonly inner: Schema; readonly suffix: string } {
  if (schema.items !== undefined && schema.prefixItems === undefined) {
    const { inner, suffix } = unwrap(schema.items);
    return { inner, suffix: `[]${suffix}` };
  }
  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties.type === 'object')
    return { inner: schema.additionalProperties, suffix: '.*' };
  const something = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  const [only] = something;
  return something.length === 1 && only !== undefined && schema.anyOf?.length === 2
    ? unwrap(only)
    : { inner: schema, suffix: '' };
}

function valuesOf(schema: Schema): string {
  const { type, enum: names, items, prefixItems, additionalProperties } = schema;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (names !== undefined) return names.map((name) => `\`${String(name)}\``).join(', ');
  const variants = variantsOf(schema);
  if (variants.length > 0) return 'one of the forms below';
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(valuesOf).join(' or ');
  if (Array.isArray(type)) return type.map((one: string) => valuesOf({ ...schema, type: one })).join(' or ');
  if (prefixItems !== undefined) return tupleOf(prefixItems.map(valuesOf));
  if (type === 'array') return `list of ${items === undefined ? 'anything' : valuesOf(items)}`;
  if (type === 'object')
    return typeof additionalProperties === 'object' ? `for each name: ${valuesOf(additionalProperties)}` : 'object';
  const word = typeof type === 'string' ? WORDS[type] : undefined;
  return `${word ?? 'anything'}${rangeOf(schema)}`;
}
const WORDS: Readonly<Record<string, string>> = {
  ...{ integer: 'whole number', number: 'number', string: 'text', boolean: '`true`, `false`', null: '`null`' },
};

/** `[x, x, x]` as three of x. */
function tupleOf(values: readonly string[]): string {
  return new Set(values).size === 1 ? `list of ${values.length}, each ${values[0]}` : `[${values.join(', ')}]`;
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined)
    return ` above ${exclusiveMinimum}${most === undefined ? '' : `, at most ${most}`}`;
  if (least !== undefined && most !== undefined) return ` ${least} to ${most}`;
  if (least !== undefined) return ` from ${least}`;
  return most === undefined ? '' : ` up to ${most}`;
}

function otherwiseOf(schema: Schema, isNeeded: boolean): string {
  if (isNeeded) return '**needed**';
  return schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
}
