// Reads the quick start out of README.md, so that it can be run as a reader would run it. Invisible comments mark it:
//
//   <!-- quick start -->          then ```ts blocks: the files. A line `// worker.ts` (a remark may follow a colon)
//                                 begins the file of that name; what stands before the first such line is app.ts.
//   <!-- quick start: run -->     then a ```sh block: commands, one per line.
//   <!-- quick start: prints -->  then a block of lines that must be printed, in which … is any text.
//
// The packages are those of the first line that begins with `npm install`.

import { ScriptError } from './run.mjs';

/** @returns {{ packages: string[], files: Map<string, string>, commands: string[], prints: string[] }} */
export function readQuickStart(readme) {
  return {
    packages: packagesIn(readme),
    files: filesIn(blocksAfter(readme, 'quick start', 'ts').join('\n')),
    commands: linesOf(blocksAfter(readme, 'quick start: run', 'sh')[0]).filter((line) => !line.startsWith('#')),
    prints: linesOf(blocksAfter(readme, 'quick start: prints', '\\w*')[0]),
  };
}

/** The output need not have any order: several programs may print at once. */
export function missingLines(prints, output) {
  const printed = output.replace(ansiColors, '').split('\n');
  return prints.filter((line) => {
    const pattern = new RegExp(`^\\s*${line.split('…').map(escapeForRegExp).join('.+')}\\s*$`);
    return !printed.some((text) => pattern.test(text));
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are control characters.
const ansiColors = /\x1b\[[\d;]*m/g;

/** All blocks of a language between a marker and the next heading or marker. */
function blocksAfter(readme, marker, language) {
  const [, after] = readme.split(`<!-- ${marker} -->`);
  const section = after?.split(/^(?:#+ |<!-- quick start)/m)[0] ?? '';
  const blocks = [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))];
  if (blocks.length > 0) return blocks.map(([, text]) => text);
  throw new ScriptError(`README.md has no block of code after <!-- ${marker} -->`);
}

function filesIn(text) {
  const files = new Map();
  let name = 'app.ts';
  for (const line of text.split('\n')) {
    name = /^\/\/ ([\w./-]+\.ts)(?::.*)?$/.exec(line)?.[1] ?? name;
    files.set(name, `${files.get(name) ?? ''}${line}\n`);
  }
  if (files.get('app.ts')?.trim() === '') files.delete('app.ts');
  return files;
}

function packagesIn(readme) {
  const [, words] = /^npm install (.+)$/m.exec(readme) ?? [];
  if (!words) throw new ScriptError('README.md has no line that begins with `npm install`');
  return words.split(/\s+/).filter((word) => !word.startsWith('-'));
}

function linesOf(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function escapeForRegExp(text) {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
