// The three kinds of backend as the conformance suite sees them. Each store is a test's own, and gone with it.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openMemory } from '../../src/backends/memory/index.ts';
import { init as initRedis, open as openRedis } from '../../src/backends/redis/index.ts';
import { loadDriver } from '../../src/backends/sqlite/driver.ts';
import { init as initSqlite, open as openSqlite } from '../../src/backends/sqlite/index.ts';
import type { Backend } from '../../src/contract/backend.ts';
import type { Subject } from '../../src/contract/conformance/subject.ts';
import { Stages } from '../../src/contract/stages.ts';
import type { RedisServer } from '../harness/redis-server.ts';

/** What must be closed when a test ends. */
class Handles {
  readonly #open: { close(): Promise<void> }[] = [];

  add<Handle extends { close(): Promise<void> }>(handle: Handle): Handle {
    this.#open.push(handle);
    return handle;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((handle) => handle.close()));
  }
}

export const memory: Subject = {
  name: 'memory',
  cannot: {
    reopen: 'a memory store has one handle',
    damage: 'a memory store has no stored form',
    pushRaw: 'a memory store is in one process',
  },
  create: async (options = {}) => {
    let backend: Backend | undefined;
    const open = async (): Promise<Backend> => {
      if (backend !== undefined) throw new Error(memory.cannot.reopen);
      backend = await openMemory(options);
      return backend;
    };
    const unable = async (): Promise<never> => {
      throw new Error('a memory store cannot do this');
    };
    return {
      open,
      init: async (stageOptions) => new Stages(await open(), stageOptions),
      damage: unable,
      pushRaw: unable,
      dispose: async () => backend?.close(),
    };
  },
};

/** Each store is a file in a folder of its own. */
export const sqlite: Subject = {
  name: 'sqlite',
  cannot: { pushRaw: 'other programs append to the lists of a Redis server only' },
  create: async (options = {}) => {
    const handles = new Handles();
    const folder = await mkdtemp(join(tmpdir(), 'wingman-sqlite-'));
    const path = join(folder, 'jobs.db');
    const settings = { ...options, path };
    return {
      open: async () => handles.add(await openSqlite(settings)),
      init: async (stageOptions) => handles.add(await initSqlite({ ...settings, ...stageOptions })),
      damage: async (id) => {
        const { DatabaseSync } = await loadDriver();
        const database = new DatabaseSync(path, { readOnly: false });
        try {
          database.prepare("UPDATE jobs SET locks = 'damaged' WHERE id = ?").run(id);
          return Buffer.from(String(database.prepare('SELECT payload FROM jobs WHERE id = ?').get(id)?.payload));
        } finally {
          database.close();
        }
      },
      pushRaw: async () => {
        throw new Error(sqlite.cannot.pushRaw);
      },
      dispose: async () => {
        await handles.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

/** Stores on one server, apart by their prefixes. */
export function redis(server: () => RedisServer): Subject {
  return {
    name: 'redis',
    cannot: {},
    create: async (options = {}) => {
      const handles = new Handles();
      const prefix = `test-${randomUUID()}`;
      const settings = { ...options, url: server().url, prefix };
      return {
        open: async () => handles.add(await openRedis(settings)),
        init: async (stageOptions) => handles.add(await initRedis({ ...settings, ...stageOptions })),
        damage: async (id) => {
          await server().cli('SET', `${prefix}:job:${id}`, 'damaged \\xff');
          return Buffer.from('damaged \\xff');
        },
        pushRaw: async (queue, entry) => {
          await server().cli('RPUSH', `${prefix}:queue:${queue}`, entry);
        },
        dispose: () => handles.close(),
      };
    },
  };
}
