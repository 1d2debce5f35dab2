/** Slow twins of the checker: breadth-first search over plain states, by the models' own functions, told apart by canonical encodings. */
import { encode } from "synod/core/Canonical"
import type { Vocabulary } from "synod/core/Protocol"
import type { ActionModel } from "synod/model/ActionModel"
import type { SystemModel } from "synod/model/SystemModel"
import { initial, isInside, successors } from "synod/model/Transitions"

const explore = <S>(
  begun: ReadonlyArray<S>,
  successorsOf: (state: S) => ReadonlyArray<S>,
  isCounted: (state: S) => boolean
) => {
  const seen = new Set<string>()
  let distinct = 0
  let generated = 0
  let depth = 0
  let frontier: Array<S> = []
  const offer = (state: S, into: Array<S>) => {
    generated++
    const key = encode(state)
    if (seen.has(key)) return
    seen.add(key)
    if (!isCounted(state)) return
    distinct++
    into.push(state)
  }
  for (const state of begun) offer(state, frontier)
  while (frontier.length > 0) {
    depth++
    const next: Array<S> = []
    for (const state of frontier) for (const successor of successorsOf(state)) offer(successor, next)
    frontier = next
  }
  return { distinct, generated, depth }
}

/** States outside the boundary are generated and not counted. */
export const exploreActions = <V extends { readonly [name: string]: unknown }>(model: ActionModel<V>) =>
  explore(
    model.initial,
    (state) =>
      model.actions.flatMap((action) => {
        const read = Object.fromEntries(action.reads.map((name) => [name, state[name]])) as V
        return action.step(read).map((assignment) => ({ ...state, ...assignment }))
      }),
    (state) => model.boundary?.(state) ?? true
  )

/** Systems beyond the boundary are not generated. */
export const exploreSystem = <P extends Vocabulary, H>(model: SystemModel<P, H>) =>
  explore(
    initial(model),
    (system) => successors(model, system).map(({ after }) => after).filter((after) => isInside(model, after)),
    () => true
  )
