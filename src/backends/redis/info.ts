/** Reads one fact of what INFO replies. */
export type Fact = (name: string) => string | undefined;

export function infoFacts(info: string): Fact {
  return (name) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
