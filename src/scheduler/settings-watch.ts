import type { DurabilityBackend, Finding } from '../contract/backend.ts';
import { Loop } from '../runtime/loop.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

const INTERVAL = 60_000;

/**
 * Looks at the store's settings each minute, and logs what has become dangerous since the last look: as an eviction policy that
 * somebody changed on a server that was sound when it was opened. What was so from the start, `wingman doctor` tells.
 */
export function settingsWatch(backend: DurabilityBackend, isOurs: () => boolean, surroundings: Surroundings): Loop {
  let known: ReadonlySet<string> | null = null;
  const tick = async (): Promise<undefined> => {
    if (!isOurs()) return;
    const failing = (await backend.diagnose('quick')).filter(({ level }) => level === 'fail');
    for (const finding of failing) {
      if (known !== null && !known.has(finding.topic)) tell(finding, surroundings);
    }
    known = new Set(failing.map(({ topic }) => topic));
  };
  return new Loop({ name: 'the settings watch', interval: INTERVAL, tick }, surroundings);
}

function tell({ topic, found, means, change = '' }: Finding, { logger }: Surroundings): void {
  logger.error({ topic, found, means, change }, `the store's settings have changed, and jobs may be lost: ${found}`);
}
