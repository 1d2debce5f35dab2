/** The slow twin of the checker: breadth-first search over plain states, told apart by their canonical encodings. */
import { encode } from "synod/core/Canonical"
import type { ActionModel } from "synod/model/ActionModel"

export const explore = <V extends { readonly [name: string]: unknown }>(model: ActionModel<V>) => {
  const seen = new Set<string>()
  let frontier: Array<V> = []
  let generated = 0
  let depth = 0
  const offer = (state: V, into: Array<V>) => {
    generated++
    const key = encode(state)
    if (seen.has(key)) return
    seen.add(key)
    into.push(state)
  }
  for (const state of model.initial) offer(state, frontier)
  while (frontier.length > 0) {
    depth++
    const next: Array<V> = []
    for (const state of frontier) {
      for (const action of model.actions) {
        const read = Object.fromEntries(action.reads.map((name) => [name, state[name]])) as V
        for (const assignment of action.step(read)) offer({ ...state, ...assignment }, next)
      }
    }
    frontier = next
  }
  return { distinct: seen.size, generated, depth }
}
