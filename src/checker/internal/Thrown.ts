/**
 * What a function of the model threw, and which function it was.
 */
import { Refusal } from "./Refusal.js"

export class Thrown extends Error {
  constructor(readonly place: string, override readonly cause: unknown) {
    super(`${place} threw: ${String(cause)}`)
  }
}

/** Runs a function of the model. */
export const guarded = <A>(place: () => string, run: () => A): A => {
  try {
    return run()
  } catch (error) {
    throw error instanceof Thrown || error instanceof Refusal ? error : new Thrown(place(), error)
  }
}
