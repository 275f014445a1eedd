import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { statesDiagram } from '../src/core/states.ts';

test('the states diagram in docs/internals.md is the one that the core makes', async () => {
  const text = await readFile(new URL('../docs/internals.md', import.meta.url), 'utf8');
  expect(text, 'run `npm run docs`').toContain(`\`\`\`mermaid\n${statesDiagram()}\n\`\`\``);
});
