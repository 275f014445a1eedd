// Builds dist/ from src/. With --if-stale it does nothing when dist/ was built from exactly these sources.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, progress, root, run, ScriptError } from './run.mjs';

const dist = join(root, 'dist');
// Kept in dist/, so that it can only ever come and go together with what it describes. Not published.
const stamp = '.sources';

// Ctrl-C reaches the compiler as well; surviving it lets us clear away what was half built.
process.on('SIGINT', () => process.exit(130));

try {
  const sources = hashSources();
  if (!process.argv.includes('--if-stale') || builtFrom() !== sources) build(sources);
} catch (error) {
  fail(error);
}

/** The hash is of the sources before the build: an edit while it runs makes the next run build again. */
function build(sources) {
  progress('building dist');
  // Built aside and moved into place in the end: an interrupted build changes nothing, and of two that run at once the
  // last one wins whole. Beside dist/ and at its depth, because source maps name the sources by relative paths.
  const fresh = mkdtempSync(join(root, '.dist-'));
  try {
    run(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
      '--outDir',
      fresh,
    ]);
    copyAssets(fresh);
    makeExecutable(fresh);
    writeFileSync(join(fresh, stamp), sources);
    chmodSync(fresh, 0o755); // mkdtemp's are private, which npm would pack
    moveIntoPlace(fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** What is read at run time beside the code: one script or statement per file. */
function copyAssets(fresh) {
  for (const file of filesBelow('src')) {
    if (!/\.(lua|sql)$/.test(file)) continue;
    const copy = join(fresh, file.slice('src/'.length));
    // A folder of its own has no code, so the compiler has not made it.
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(root, file), copy);
  }
}

function makeExecutable(fresh) {
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [name, file] of Object.entries(bin)) {
    const built = join(fresh, file.replace(/^\.\/dist\//, ''));
    try {
      chmodSync(built, 0o755);
    } catch {
      throw new ScriptError(`the command ${name} is ${file} in package.json, and nothing in src/ builds it`);
    }
  }
}

function moveIntoPlace(fresh) {
  const aside = `${fresh}-replaced`;
  for (;;) {
    rename(dist, aside, ['ENOENT']);
    const moved = rename(fresh, dist, ['ENOTEMPTY', 'EEXIST']);
    rmSync(aside, { recursive: true, force: true });
    if (moved) return;
    // Another build put its own in place between the two renames: that one is replaced in the next round.
  }
}

/** Returns false, instead of throwing, for the errors named. */
function rename(from, to, tolerated) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (tolerated.includes(error.code)) return false;
    throw error;
  }
}

function builtFrom() {
  try {
    return readFileSync(join(dist, stamp), 'utf8');
  } catch {
    return undefined;
  }
}

function hashSources() {
  const hash = createHash('sha256');
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];
  for (const file of [...settings, ...filesBelow('src')]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Paths from the root, with `/`, in a stable order. */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/'))
    .sort();
}
