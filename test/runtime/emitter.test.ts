import { expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { Emitter } from '../../src/runtime/emitter.ts';

interface Events {
  readonly tick: number;
  readonly error: unknown;
}

test('listeners are called in order, once ones once, and removed ones not at all', () => {
  const emitter = new Emitter<Events>(() => {});
  const calls: string[] = [];
  const removed = (): void => void calls.push('removed');
  emitter.on('tick', (n) => calls.push(`on ${n}`));
  emitter.once('tick', (n) => calls.push(`once ${n}`));
  emitter.on('tick', removed);
  emitter.off('tick', removed);
  emitter.emit('tick', 1);
  emitter.emit('tick', 2);
  expect(calls).toEqual(['on 1', 'once 1', 'on 2']);
});

test('what a listener throws or rejects with is reported, and the others are called', async () => {
  const failed: unknown[] = [];
  const emitter = new Emitter<Events>((thrown, event) => failed.push([String(thrown), event]));
  const calls: number[] = [];
  emitter.on('tick', () => {
    throw new Error('sync');
  });
  emitter.on('tick', async () => {
    throw new Error('async');
  });
  emitter.on('tick', (n) => calls.push(n));
  emitter.emit('tick', 1);
  await systemClock.turn();
  expect(calls).toEqual([1]);
  expect(failed).toEqual([
    ['Error: sync', 'tick'],
    ['Error: async', 'tick'],
  ]);
});

test('an error that nobody listens to does not throw', () => {
  const emitter = new Emitter<Events>(() => {});
  expect(() => emitter.emit('error', new Error('x'))).not.toThrow();
});
