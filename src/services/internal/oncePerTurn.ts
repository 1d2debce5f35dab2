/**
 * What is called for many times in a turn runs once, at its end: so commands and reads that come together leave together.
 */
export const oncePerTurn = (soon: (run: () => void) => void, action: () => void): () => void => {
  let isWaiting = false
  const run = (): void => {
    isWaiting = false
    action()
  }
  return () => {
    if (isWaiting) return
    isWaiting = true
    soon(run)
  }
}
