import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Unmounts it when its stdin closes, which it does with the runner, whatever ends that: signals to both must not end it first. */
const MOUNT = `trap '' INT TERM HUP
mount -t tmpfs -o size="$1" tmpfs "$0" && echo mounted && cat > /dev/null
umount --lazy "$0"`;

/** A disk with little room. Linux, and a user who may mount. */
export class SmallDisk {
  readonly #folder: string;
  readonly #owner: ChildProcess;

  private constructor(owner: ChildProcess, folder: string) {
    this.#owner = owner;
    this.#folder = folder;
  }

  /** Whether this user may mount one. */
  static isPossible(): boolean {
    return spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt']).status === 0;
  }

  /** Mounts one over an empty folder. */
  static async mount(folder: string, bytes: number): Promise<SmallDisk> {
    const owner = spawn('sh', ['-c', MOUNT, folder, String(bytes)], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      owner.stdout?.once('data', () => resolve());
      owner.once('exit', () => reject(new Error('a small disk could not be mounted')));
    });
    return new SmallDisk(owner, folder);
  }

  /** Takes all the room that is left. */
  async fill(): Promise<void> {
    const chunk = Buffer.alloc(4_096);
    for (;;) {
      try {
        await writeFile(this.#filler, chunk, { flag: 'a' });
      } catch {
        return;
      }
    }
  }

  async free(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  async unmount(): Promise<void> {
    if (this.#owner.exitCode !== null || this.#owner.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#owner.once('exit', resolve));
    this.#owner.stdin?.end();
    await gone;
  }

  get #filler(): string {
    return join(this.#folder, 'filler');
  }
}
