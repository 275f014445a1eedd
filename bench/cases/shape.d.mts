export function settle(settings: Readonly<Record<string, unknown>>, isQuick: boolean): Record<string, unknown>;
