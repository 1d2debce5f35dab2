/**
 * What the properties of a model say of each step of a run.
 */
import type { Property } from "../../model/Property.js"
import { predicates } from "../../model/Property.js"
import type { Claim } from "../Trace.js"

interface Visit<S> {
  readonly event: string
  readonly state: S
}

/** A predicate that throws does not hold: the checker says where. A property of several predicates, such as a formula, has a line for each. */
export const claimsOf = <S, R>(
  properties: ReadonlyArray<Property<S, R>>,
  before: S | undefined,
  { event, state }: Visit<S>
): ReadonlyArray<Claim> =>
  properties.flatMap((property): ReadonlyArray<Claim> => {
    if (property.kind === "alwaysStep") {
      return before === undefined
        ? []
        : [{
          name: property.name,
          isInvariant: true,
          holds: isTrue(() => property.holds({ before, event, after: state }))
        }]
    }
    const asked = predicates(property)
    return asked.map((holds, i) => ({
      name: asked.length === 1 ? property.name : `${property.name} (${part(property.kind, i)})`,
      isInvariant: property.kind === "always",
      holds: isTrue(() => holds(state))
    }))
  })

const part = (kind: string, i: number): string => kind === "leadsTo" ? (i === 0 ? "from" : "to") : `predicate ${i + 1}`

const isTrue = (claim: () => boolean): boolean => {
  try {
    return claim()
  } catch {
    return false
  }
}
