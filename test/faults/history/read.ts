import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Event, isEvent } from './events.ts';

/** All that the processes of one folder have written, in the order of their clock. */
export async function readHistories(folder: string): Promise<Event[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const events = texts.flatMap((text, index) => parse(text, names[index] ?? ''));
  return events.sort((a, b) => a.at - b.at);
}

/** @throws for a line that is no event, unless it is the last one and was cut off with its process */
function parse(text: string, name: string): Event[] {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  if (rest !== '' && !isCut(rest)) lines.push(rest);
  return lines.map((line, index) => {
    const event: unknown = JSON.parse(line);
    if (!isEvent(event)) throw new Error(`${name}, line ${index + 1}, is no event: ${line}`);
    return event;
  });
}

function isCut(line: string): boolean {
  try {
    JSON.parse(line);
    return false;
  } catch {
    return true;
  }
}
