/** How long a refused attempt waits, in milliseconds. A new leader cuts it short. @internal */
export const backoff = (attempt: number): number => Math.min(200, 10 * 2 ** Math.min(attempt, 5))
