import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { printFigures, type Spread, spread } from './figures.ts';

const { values } = parseArgs({ options: { objects: { type: 'string', default: '200' }, folder: { type: 'string' } } });
const OBJECTS = z.coerce.number().int().positive().parse(values.objects);
const MEASURE = path.resolve(import.meta.dirname, '../src/main/station/testing/measure-objects.ts');
const Times = z.record(
  z.enum(['write', 'read', 'read 4 KB']),
  z.object({ plain: z.array(z.number()), sealed: z.array(z.number()) }),
);
const SIZES = [
  { name: '512 KB', bytes: 512 * 1024, count: OBJECTS },
  { name: '8 MB', bytes: 8 * 1024 * 1024, count: Math.ceil(OBJECTS / 8) },
] as const;

/** What sealing objects at rest costs: each object written and read back, sealed by the store and plain by hand, in turns. */
function main(): void {
  const spreads: Spread[] = [];
  const facts: Record<string, number> = { objects: OBJECTS };
  for (const { name, bytes, count } of SIZES) {
    const wanted = [values.folder ?? tmpdir(), String(count), String(bytes)];
    const printed = execFileSync(process.execPath, [MEASURE, ...wanted], { encoding: 'utf8' });
    for (const [what, times] of Object.entries(Times.parse(JSON.parse(printed))))
      for (const how of ['plain', 'sealed'] as const) {
        const one = spread(`${name} ${what} ${how}`, times[how]);
        spreads.push(one);
        if (what !== 'read 4 KB') facts[`${one.name} MB/s`] = Math.round(bytes / 1e6 / (one.median / 1000));
      }
  }
  printFigures('objects', spreads, facts);
  for (const [name, figure] of Object.entries(facts)) if (name.endsWith('MB/s')) console.log(`${name}: ${figure}`);
}

main();
