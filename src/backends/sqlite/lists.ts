/** From how many on a statement for a list of jobs, as JSON, is faster than one for each. */
export const LIST_FROM = 4;
