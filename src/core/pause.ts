/** Why a job is parked whose type is paused, for people. */
export function pausedReason(by: string | null, reason: string | null): string {
  return `its type is paused${by === null ? '' : ` by ${by}`}${reason === null ? '' : `: ${reason}`}`;
}
