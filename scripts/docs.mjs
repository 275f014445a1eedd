// `npm run docs`: writes what the documents take from the code. test/docs.test.ts fails when they differ.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';
import { ensureBuilt, ensureInstalled } from './setup.mjs';

ensureInstalled();
ensureBuilt();
const { statesDiagram } = await import('../dist/core/states.js');

const file = join(root, 'docs', 'internals.md');
const text = readFileSync(file, 'utf8');
const diagram = `$1\n\`\`\`mermaid\n${statesDiagram()}\n\`\`\`\n$2`;
writeFileSync(file, text.replace(/(<!-- states: made by npm run docs -->).*?(<!-- states: end -->)/s, diagram));
