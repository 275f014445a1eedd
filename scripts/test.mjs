// `npm test`: sets up what is missing, then runs the checks and the tests. `npm test -- test/core` hands its arguments
// to vitest and leaves the checks out. Its last line on stdout is `N passed, N failed`, where a check counts as one.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeFailure, npm, root, run, runInForeground } from './run.mjs';
import { ensureBuilt, ensureInstalled, ensureNode, ensureRedis } from './setup.mjs';

const selection = process.argv.slice(2);
const temporary = mkdtempSync(join(tmpdir(), 'wingman-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
let tested = false;

try {
  ensureNode();
  ensureInstalled();
  ensureBuilt();
  ensureRedis();
  if (selection.length === 0) runChecks();
  await runTests();
} catch (error) {
  countFailure(describeFailure(error));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

if (total.failed > 0 || !tested) process.exitCode = 1;
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);

/** Each check's output is shown only when it fails. None of them needs the network. */
function runChecks() {
  const checks = {
    types: () => runTool('tsc', '--noEmit'),
    'format and lint': () => runTool('biome', 'ci', '--colors=off', '--error-on-warnings', '.'),
    'unused code': () => runTool('knip', '--no-progress', '--treat-config-hints-as-errors'),
    'package contents': () => runTool('publint', 'run', pack(), '--strict'),
    'package types': () => runTool('attw', pack(), '--profile', 'esm-only'),
  };
  for (const [name, check] of Object.entries(checks)) {
    const start = performance.now();
    try {
      check();
      total.passed++;
      console.log(`✓ ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      countFailure(`✗ ${name}\n${describeFailure(error)}`);
    }
  }
}

function runTool(name, ...args) {
  run(join(root, 'node_modules/.bin', name), args);
}

/** Packs what would be published, into the temporary folder: tools that pack by themselves do so in the root. */
function pack() {
  return join(temporary, npm(['pack', '--silent', '--pack-destination', temporary]).trim());
}

async function runTests() {
  const reportFile = join(temporary, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  // A test.only left behind must fail the run, and not quietly be all of it.
  const args = [vitest, 'run', '--allowOnly=false', ...reporters, ...selection];
  const exitCode = await runInForeground(process.execPath, args);
  const failedBefore = total.failed;
  countTests(reportFile);
  if (exitCode !== 0 && total.failed === failedBefore) {
    countFailure(`✗ vitest ended with exit code ${exitCode}, and not because of a test: see above`);
  }
}

function countTests(reportFile) {
  let report;
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8'));
  } catch {
    return; // Vitest ended before it could write one; its exit code tells.
  }
  // A file that cannot be loaded fails without a test in it that does.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((assertion) => assertion.status !== 'failed'),
  );
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests + brokenFiles.length;
  total.skipped += report.numPendingTests + report.numTodoTests;
  tested = report.numPassedTests + report.numFailedTests > 0;
}

function countFailure(text) {
  total.failed++;
  console.log(text);
}
