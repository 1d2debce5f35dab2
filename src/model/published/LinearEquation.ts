/**
 * Two counters modulo m that look for a solution of a x + b y = c: the model on which Stateright's own searches are tested.
 *
 * Counts: 65,536 states where 2 x + 4 y = 7 has no solution modulo 256; the shortest witness of 2 x + 10 y = 14 is x, x, y.
 */
import type { ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { actionEntry, whole } from "./Entry.js"

export type Variables = { readonly x: number; readonly y: number }

export interface Options {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly modulus: number
}

/** Builds the model. */
export const linearEquation = ({ a, b, c, modulus }: Options): ActionModel<Variables> =>
  make<Variables>({
    name: "linear-equation",
    initial: [{ x: 0, y: 0 }],
    actions: [
      { name: "increase x", reads: ["x"], step: ({ x }) => [{ x: (x + 1) % modulus }] },
      { name: "increase y", reads: ["y"], step: ({ y }) => [{ y: (y + 1) % modulus }] }
    ],
    properties: [{
      name: "solvable",
      kind: "sometimes",
      holds: ({ x, y }) => (a * x + b * y) % modulus === c % modulus
    }]
  })

/** For the catalogue. */
export const linearEquationEntry = actionEntry(
  {
    name: "linear-equation",
    summary: "two counters that look for a solution of a x + b y = c",
    elsewhere: "Stateright's test model LinearEquation",
    parameters: {
      a: whole("the factor of x", 2, 0, 65_536),
      b: whole("the factor of y", 10, 0, 65_536),
      c: whole("the sum", 14, 0, 65_536),
      modulus: whole("the modulus", 256, 2, 4_096)
    },
    mutants: {}
  },
  (values) => linearEquation(values)
)
