/** As `Promise.try`: what a function throws before it gives its promise is a rejection. An `async` function around it would cost two more. */
export function begun<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}
