import { describe, expect, it } from 'vitest';
import { FINAL_STATES, isLegal, STATES, statesDiagram, TRANSITIONS, type Transition } from '../../src/core/states.ts';

const rows: readonly Transition[] = TRANSITIONS;

describe('states', () => {
  it('has each transition once, between states that there are', () => {
    const names = rows.map(({ from, to, event }) => `${from} ${to} ${event}`);
    expect(new Set(names).size).toBe(rows.length);
    for (const { from, to } of rows) {
      expect(['new', ...STATES]).toContain(from);
      expect(STATES).toContain(to);
      expect(from).not.toBe(to);
    }
  });

  it('says for each way into a queue where the job enters it, and for no other', () => {
    for (const { to, place } of rows) expect(place !== undefined).toBe(to === 'waiting');
  });

  it('leads nowhere from a final state, and somewhere from each other', () => {
    for (const state of STATES) {
      expect(rows.some(({ from }) => from === state)).toBe(!FINAL_STATES.includes(state));
    }
  });

  it('reaches every state from a new job', () => {
    const reached = new Set<string>(['new']);
    for (const _ of STATES) for (const { from, to } of rows) if (reached.has(from)) reached.add(to);
    expect([...STATES].filter((state) => !reached.has(state))).toEqual([]);
  });

  it('lets every job that is in the books and not final be processed in the end', () => {
    const able = new Set<string>(['processing']);
    for (const _ of STATES) for (const { from, to } of rows) if (able.has(to)) able.add(from);
    const over: readonly string[] = [...FINAL_STATES, 'completed'];
    expect(STATES.filter((state) => !over.includes(state) && !able.has(state))).toEqual([]);
  });

  it('tells what is legal', () => {
    for (const { from, to, event } of TRANSITIONS) expect(isLegal(from, to, event)).toBe(true);
    expect(isLegal('held', 'processing', 'claimed')).toBe(false);
    expect(isLegal('waiting', 'processing', 'granted')).toBe(false);
    expect(isLegal('failed', 'cancelled', 'cancelled')).toBe(false);
  });

  it('is a Mermaid diagram with an arrow for each transition, and an end for each final state and for what completed', () => {
    const [title, ...lines] = statesDiagram().split('\n');
    expect(title).toBe('stateDiagram-v2');
    expect(lines).toHaveLength(rows.length + FINAL_STATES.length + 1);
    for (const line of lines)
      expect(line).toMatch(/^ {2}(\[\*\]|[a-z]+) --> ([a-z]+: [a-z]+|\[\*\](: unless it is kept)?)$/);
    expect(lines).toContain('  [*] --> waiting: enqueued');
    expect(lines).toContain('  held --> waiting: granted');
    expect(lines).toContain('  dead --> [*]');
  });
});
