import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Ended, project, run, wingman } from './command.ts';
import { expectedOf, wideTree } from './tree.ts';

/** Runs a line of shell. */
function bash(script: string, folder: string): Promise<Ended> {
  return run('bash', ['-c', script], folder).ended;
}

describe('a reader that has seen enough is no failure', () => {
  test.each(['wingman stats', 'wingman --help', 'wingman enqueue a', 'wingman demo --dir .'])('of %s', async (line) => {
    const ended = await bash(`${line} 2>err | true; echo "code \${PIPESTATUS[0]}"`, await project());
    expect(ended.stdout).toBe('code 0\n');
  });

  test.each(['log.info({}, "still")', 'console.log("still")'])(
    'of a worker by %s: it is stopped, and its jobs are done to the end',
    async (line) => {
      const folder = await project({
        'worker.ts': `import { writeFileSync } from 'node:fs';
          import { defineJob } from 'wingmanjs';
          export default defineJob({ type: 'talk' }).handle(async (_, { log }) => {
            await new Promise<void>((resolve) => {
              const talking = setInterval(() => ${line}, 5);
              process.stdout.once('error', () => {
                clearInterval(talking);
                resolve();
              });
            });
            writeFileSync('done', '');
          });`,
      });
      await wingman(folder, ['enqueue', 'talk']);
      const ended = await bash(`wingman start worker.ts | head -1 >/dev/null; echo "code \${PIPESTATUS[0]}"`, folder);
      expect(ended).toEqual({ code: 0, stdout: 'code 0\n', stderr: '' });
      expect(existsSync(join(folder, 'done'))).toBe(true);
      const { workers, counters } = JSON.parse((await wingman(folder, ['stats', '--json'])).stdout);
      expect({ workers, counters }).toEqual({ workers: [], counters: { successful: 1, failed: 0 } });
    },
  );

  test('of the progress: the demo goes on to its end', async () => {
    const folder = await project();
    const dir = wideTree(folder, 50);
    await bash('wingman demo --dir wide --json 2>&1 >out | true', folder);
    expect(JSON.parse(readFileSync(join(folder, 'out'), 'utf8'))).toMatchObject(await expectedOf(dir));
  });
});

// Only Linux has such a disk.
describe.skipIf(!existsSync('/dev/full'))('a disk without room for the output', () => {
  test.each(['wingman stats', 'wingman stats --json', 'wingman enqueue a'])('%s says so', async (line) => {
    const { code, stderr } = await bash(`${line} >/dev/full`, await project());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: stdout cannot be written: ENOSPC/m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a demo keeps its result, to be printed once more', async () => {
    const folder = await project();
    const dir = wideTree(folder, 50);
    const { code, stderr } = await bash('wingman demo --dir wide --json >/dev/full', folder);
    expect(code).toBe(1);
    expect(stderr).toContain('\n  wingman demo --json --resume\n');
    const again = await wingman(folder, ['demo', '--json', '--resume']);
    expect(JSON.parse(again.stdout)).toMatchObject(await expectedOf(dir));
  });
});
