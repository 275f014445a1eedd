import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseAst } from 'vitest/node';

/** One file as the rules see it. Paths start at src/ and use `/`. */
export type Source = {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** What it takes from its surroundings: `Date.now`, `new Date()`, `setTimeout()`, `console`, … */
  readonly ambient: readonly string[];
  /** Every string literal: a module may also be asked for by `require` or `process.getBuiltinModule`. */
  readonly strings: readonly string[];
};

export type Import = {
  /** A path from src/ when it is a file of ours, and otherwise what stands in the import. */
  readonly target: string;
  readonly relative: boolean;
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
  /** True for `import(…)`: it is loaded when it is come to. */
  readonly isLater: boolean;
};

/** Reads every file below a folder that can hold code of ours. */
export function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|lua|sql)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => readSource(posix.relative(folder, file), readFileSync(file, 'utf8')))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function readSource(path: string, text: string): Source {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const nodes = /\.tsx?$/.test(path) ? parse(path, text) : [];
  return {
    path,
    lines,
    imports: nodes.flatMap((node) => importIn(node, path)),
    ambient: nodes.flatMap(ambientIn),
    strings: nodes.flatMap(({ type, value }) => (type === 'Literal' && typeof value === 'string' ? [value] : [])),
  };
}

/** A node of the syntax tree; its further fields depend on its type. */
type Node = { readonly type: string; readonly [field: string]: unknown };

/** The compiler offers no syntax tree to JavaScript; the test runner's bundler has a parser that knows TypeScript. */
function parse(path: string, text: string): Node[] {
  try {
    return [...nodesIn(parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }, path))];
  } catch (cause) {
    throw new Error(`cannot parse src/${path}: ${String(cause)}`, { cause });
  }
}

function* nodesIn(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) yield value;
  for (const child of Object.values(value)) yield* nodesIn(child);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** `import … from`, `export … from`, `import(…)` and the type `import('…').Name` all call it their source. */
function importIn(node: Node, path: string): Import[] {
  const { type, source, importKind, exportKind } = node;
  if (!isNode(source) || typeof source.value !== 'string') return [];
  const relative = source.value.startsWith('.');
  const target = relative ? posix.join(posix.dirname(path), source.value) : source.value;
  const typeOnly = type === 'TSImportType' || importKind === 'type' || exportKind === 'type';
  return [{ target, relative, typeOnly, isLater: type === 'ImportExpression' }];
}

function ambientIn(node: Node): string[] {
  if (node.type === 'MemberExpression') {
    if (isName(node.object, 'console')) return ['console'];
    if (isName(node.object, 'Date') && isName(node.property, 'now')) return ['Date.now'];
  }
  if (node.type === 'NewExpression' && isName(node.callee, 'Date')) {
    return Array.isArray(node.arguments) && node.arguments.length === 0 ? ['new Date()'] : [];
  }
  if (node.type === 'CallExpression') {
    if (isName(node.callee, 'Date')) return ['Date()'];
    const timer = timers.find((name) => isGlobal(node.callee, name));
    return timer ? [`${timer}()`] : [];
  }
  return [];
}

const timers = ['setTimeout', 'setInterval', 'setImmediate'];

/** Not any member of that name: a socket's `setTimeout` is its own. */
function isGlobal(node: unknown, name: string): boolean {
  if (!isNode(node) || node.type !== 'MemberExpression') return isName(node, name);
  return isName(node.object, 'globalThis') && isName(node.property, name);
}

function isName(node: unknown, name: string): boolean {
  return isNode(node) && node.type === 'Identifier' && node.name === name;
}
