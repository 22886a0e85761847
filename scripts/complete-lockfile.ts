import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { completeLockfile, type Lockfile } from './lockfile.ts';
import { ROOT } from './run-command.ts';

// Run after every `npm install` against a registry that mirrors only some platforms: npm then leaves the others' binaries
// out of the lockfile, and `npm ci` refuses a lockfile that does not name them.
const file = path.join(ROOT, 'package-lock.json');
const { lockfile, added } = completeLockfile(JSON.parse(readFileSync(file, 'utf8')) as Lockfile);
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`);
console.log(added.length === 0 ? 'The lockfile names every optional package.' : `Added ${added.join(', ')}.`);
