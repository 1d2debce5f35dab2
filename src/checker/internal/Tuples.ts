/**
 * Numbers for tuples of small integers: equal tuples, equal numbers, dense from 1 up.
 */
import { Grid } from "./Grid.js"

export class Tuples {
  private readonly prefixes = new Grid()

  /** The number of what the vector has in these places. */
  of(vector: Int32Array, places: Int32Array): number {
    const { prefixes } = this
    let prefix = 0
    for (let i = 0; i < places.length; i++) {
      const component = vector[places[i]!]!
      let next = prefixes.get(prefix, component)
      if (next < 0) {
        next = prefixes.size + 1
        prefixes.set(prefix, component, next)
      }
      prefix = next
    }
    return prefix
  }
}
