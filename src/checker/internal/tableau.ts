/**
 * The generalised Buechi automaton of a formula, by the tableau of Gerth, Peled, Vardi and Wolper ("Simple on-the-fly automatic verification of linear temporal logic", 1995).
 *
 * A run is accepted when the automaton can follow it and meets each accepting set infinitely often. What a place of the automaton requires is required of the state at
 * which the run is, and of the step that it takes from there.
 */
import type { Formula } from "../../model/Formula.js"
import { Refusal } from "./Refusal.js"

/** One question of a formula about a state or a step. */
export type Atom<S> = Extract<Formula<S>, { readonly _tag: "State" | "Step" }>

export interface Place {
  /** Atoms, by number, that must be true, and those that must not. */
  readonly required: ReadonlyArray<number>
  readonly forbidden: ReadonlyArray<number>
  /** Places that may come next. */
  readonly next: ReadonlyArray<number>
}

export interface Automaton {
  readonly initial: ReadonlyArray<number>
  readonly places: ReadonlyArray<Place>
  /** Sets of places, each to be met infinitely often. */
  readonly accepting: ReadonlyArray<ReadonlySet<number>>
}

/** Places that the automaton of one formula may have. */
const maxPlaces = 4_096

/** In negation normal form, with a number for each subformula: equal ones have equal numbers. */
type Normal =
  | { readonly _tag: "Constant"; readonly value: boolean }
  | { readonly _tag: "Literal"; readonly atom: number; readonly isPositive: boolean }
  | { readonly _tag: "And" | "Or" | "Until" | "Release"; readonly left: number; readonly right: number }
  | { readonly _tag: "Next"; readonly of: number }

class Normals {
  readonly all: Array<Normal> = []
  private readonly numbers = new Map<string, number>()

  constructor(private readonly atoms: ReadonlyArray<unknown>) {}

  private number(normal: Normal): number {
    const key = normal._tag === "Constant"
      ? `${normal.value}`
      : normal._tag === "Literal"
      ? `${normal.atom} ${normal.isPositive}`
      : normal._tag === "Next"
      ? `X ${normal.of}`
      : `${normal._tag} ${normal.left} ${normal.right}`
    let number = this.numbers.get(key)
    if (number === undefined) {
      number = this.all.push(normal) - 1
      this.numbers.set(key, number)
    }
    return number
  }

  of<S>(formula: Formula<S>, isPositive: boolean): number {
    switch (formula._tag) {
      case "State":
      case "Step":
        return this.number({ _tag: "Literal", atom: this.atoms.indexOf(formula), isPositive })
      case "Constant":
        return this.number({ _tag: "Constant", value: formula.value === isPositive })
      case "Not":
        return this.of(formula.of, !isPositive)
      case "Next":
        return this.number({ _tag: "Next", of: this.of(formula.of, isPositive) })
      default: {
        const left = this.of(formula.left, isPositive)
        const right = this.of(formula.right, isPositive)
        return this.number({ _tag: isPositive ? formula._tag : dual[formula._tag], left, right })
      }
    }
  }
}

const dual = { And: "Or", Or: "And", Until: "Release", Release: "Until" } as const

/** A node of the tableau while it grows: what is still to be taken apart, what was, and what must hold from the next state on. */
interface Node {
  readonly incoming: Set<number>
  readonly pending: ReadonlyArray<number>
  readonly old: ReadonlySet<number>
  readonly next: ReadonlySet<number>
}

const start = -1

/** The atoms of a formula, each once. */
export const atomsOf = <S>(formula: Formula<S>): ReadonlyArray<Atom<S>> => {
  const atoms = new Set<Atom<S>>()
  const collect = (part: Formula<S>): void => {
    switch (part._tag) {
      case "State":
      case "Step":
        atoms.add(part)
        return
      case "Constant":
        return
      case "Not":
      case "Next":
        collect(part.of)
        return
      default:
        collect(part.left)
        collect(part.right)
    }
  }
  collect(formula)
  return [...atoms]
}

/** The automaton of the runs on which the formula is false. Atoms are numbered as `atomsOf` gives them. */
export const automatonAgainst = <S>(formula: Formula<S>, of: string): Automaton => {
  const atoms = atomsOf(formula)
  const normals = new Normals(atoms)
  const root = normals.of(formula, false)
  const untils = normals.all.flatMap(({ _tag }, number) => _tag === "Until" ? [number] : [])
  /** Promised here, and not kept here. */
  const isOpen = (old: ReadonlySet<number>, until: number): boolean => {
    const part = normals.all[until]!
    return part._tag === "Until" && old.has(until) && !old.has(part.right)
  }
  const nodes: Array<Node> = []
  const byKey = new Map<string, number>()
  const work: Array<Node> = [{ incoming: new Set([start]), pending: [root], old: new Set(), next: new Set() }]
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    const [first, ...pending] = node.pending
    if (first === undefined) {
      // what a place requires, what follows it, and which promises it leaves open tell places apart; how it came to that does not
      const literals = [...node.old].filter((part) => normals.all[part]!._tag === "Literal")
      const open = untils.filter((until) => isOpen(node.old, until))
      const key = [literals, node.next, open].map((numbers) => keyOf(new Set(numbers))).join("|")
      const known = byKey.get(key)
      if (known !== undefined) {
        for (const from of node.incoming) nodes[known]!.incoming.add(from)
        continue
      }
      const number = nodes.push(node) - 1
      if (number >= maxPlaces) {
        throw new Refusal("limit", of, `the automaton of ${of} has more than ${maxPlaces} places`)
      }
      byKey.set(key, number)
      work.push({ incoming: new Set([number]), pending: [...node.next], old: new Set(), next: new Set() })
      continue
    }
    if (node.old.has(first)) {
      work.push({ ...node, pending })
      continue
    }
    const { incoming, next } = node
    const old = new Set(node.old).add(first)
    const grown = (more: ReadonlyArray<number>, later: ReadonlyArray<number>): Node => ({
      incoming: new Set(incoming),
      pending: [...more.filter((part) => !old.has(part)), ...pending],
      old,
      next: new Set([...next, ...later])
    })
    const part = normals.all[first]!
    switch (part._tag) {
      case "Constant":
        if (part.value) work.push(grown([], []))
        break
      case "Literal": {
        const isContradiction = [...node.old].some((other) => {
          const literal = normals.all[other]!
          return literal._tag === "Literal" && literal.atom === part.atom && literal.isPositive !== part.isPositive
        })
        if (!isContradiction) work.push(grown([], []))
        break
      }
      case "Next":
        work.push(grown([], [part.of]))
        break
      case "And":
        work.push(grown([part.left, part.right], []))
        break
      case "Or":
        work.push(grown([part.right], []), grown([part.left], []))
        break
      case "Until":
        if (old.has(part.right)) work.push(grown([], [])) // kept already
        else work.push(grown([part.left], [first]), grown([part.right], []))
        break
      case "Release":
        work.push(grown([part.right], [first]), grown([part.left, part.right], []))
        break
    }
  }
  const next: ReadonlyArray<Array<number>> = nodes.map(() => [])
  const initial: Array<number> = []
  for (const [number, { incoming }] of nodes.entries()) {
    for (const from of incoming) (from === start ? initial : next[from]!).push(number)
  }
  const literals = (old: ReadonlySet<number>, isPositive: boolean): ReadonlyArray<number> =>
    [...old].flatMap((number) => {
      const part = normals.all[number]!
      return part._tag === "Literal" && part.isPositive === isPositive ? [part.atom] : []
    })
  return {
    initial,
    places: nodes.map(({ old }, number) => ({
      required: literals(old, true),
      forbidden: literals(old, false),
      next: next[number]!
    })),
    accepting: untils.map((until) => new Set(nodes.flatMap(({ old }, number) => isOpen(old, until) ? [] : [number])))
  }
}

const keyOf = (numbers: ReadonlySet<number>): string => [...numbers].toSorted((a, b) => a - b).join()
