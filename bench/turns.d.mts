/** As much of a process as taking turns needs. */
export interface TurnTaker {
  on(event: 'message' | 'exit' | 'error', listener: () => void): this;
  off(event: 'exit' | 'error', listener: () => void): this;
  removeAllListeners(event: 'message'): this;
  send(message: string): boolean;
}

export class Turns {
  constructor(count: number);
  join(child: TurnTaker): void;
  leave(): void;
}

export function turn(): Promise<unknown>;
