/**
 * What is asked of states and steps, once for each value of what a claim reads, and what was found.
 */
import type { Formula, Step } from "../../model/Formula.js"
import type { Property } from "../../model/Property.js"
import { isLiveness } from "../../model/Property.js"
import type { Entry } from "./Frontier.js"
import { Marks } from "./Graph.js"
import { PairTable } from "./PairTable.js"
import type { Purity } from "./Purity.js"
import { Refusal } from "./Refusal.js"
import type { Judge } from "./Search.js"
import type { Readable } from "./Space.js"
import { atomsOf } from "./tableau.js"
import { guarded, Thrown } from "./Thrown.js"

/** Where a property was decided: a state, and the event taken from it where the step decides. */
export interface Finding {
  readonly number: number
  readonly event: number | undefined
  /** The claim threw there. */
  readonly thrown: Thrown | undefined
}

const no = 0
const yes = 1
type Answer = typeof no | typeof yes | Thrown

/** One question about states. */
interface Question<S> {
  readonly property: number
  readonly ask: (state: S) => boolean
  /** What settles the property; without it answers are only noted. */
  readonly settles: typeof no | typeof yes | undefined
  /** By state, for liveness. */
  readonly marks: Marks | undefined
  readonly memo: Array<Answer | undefined>
}

interface StepQuestion<S> {
  readonly property: number
  readonly ask: (step: Step<S>) => boolean
  readonly settles: boolean
  /** By edge. */
  readonly marks: Marks | undefined
  readonly reader: ((vector: Int32Array) => number) | undefined
  /** (before, after) -> pair; (pair, label) -> place in `answers`. */
  readonly pairs: PairTable
  readonly places: PairTable
  readonly answers: Array<Answer>
}

/** What liveness asks of its atoms. */
export interface AtomMarks {
  /** By atom: by state, or by edge where it is about steps. */
  readonly marks: ReadonlyArray<Marks>
  readonly isStep: ReadonlyArray<boolean>
}

export class Claims<S, R> implements Judge {
  readonly findings: Array<Finding | undefined>
  /** By property; of liveness only. */
  readonly atoms: ReadonlyArray<AtomMarks | undefined>
  readonly step: Judge["step"]
  readonly ended: Judge["ended"]
  private open: number
  private readonly groups: ReadonlyArray<{
    readonly reader: ((vector: Int32Array) => number) | undefined
    readonly questions: ReadonlyArray<Question<S>>
  }>
  private readonly marks: Array<Marks> = []

  constructor(
    private readonly model: string,
    private readonly properties: ReadonlyArray<Property<S, R>>,
    private readonly space: Readable<S, R>,
    private readonly labelName: (label: number) => string,
    private readonly isExhaustive: boolean,
    private readonly purity: Purity
  ) {
    this.open = properties.length
    this.findings = properties.map(() => undefined)
    const groups = new Map<string, { reader: ReturnType<typeof space.reader>; questions: Array<Question<S>> }>()
    const steps: Array<StepQuestion<S>> = []
    const readerOf = ({ name, reads }: Property<S, R>) => reads === undefined ? undefined : space.reader(reads, name)
    const add = (at: number, ask: (state: S) => boolean, settles: Question<S>["settles"]): Marks | undefined => {
      const property = properties[at]!
      const key = JSON.stringify(property.reads) ?? ""
      let group = groups.get(key)
      if (group === undefined) groups.set(key, group = { reader: readerOf(property), questions: [] })
      const marks = settles === undefined ? this.mark() : undefined
      group.questions.push({ property: at, ask, settles, marks, memo: [] })
      return marks
    }
    const addStep = (at: number, ask: (step: Step<S>) => boolean, settles: boolean): Marks | undefined => {
      const marks = settles ? undefined : this.mark()
      const reader = readerOf(properties[at]!)
      steps.push({
        property: at,
        ask,
        settles,
        marks,
        reader,
        pairs: new PairTable(),
        places: new PairTable(),
        answers: []
      })
      return marks
    }
    this.atoms = properties.map((property, at) => {
      switch (property.kind) {
        case "always":
          add(at, property.holds, no)
          return undefined
        case "sometimes":
          add(at, property.holds, yes)
          return undefined
        case "alwaysStep":
          addStep(at, property.holds, true)
          return undefined
        case "noDeadlock":
          return undefined
        case "leadsTo":
          return states([add(at, property.from, undefined)!, add(at, property.to, undefined)!])
        case "ltl": {
          const atoms: ReadonlyArray<Formula<S>> = atomsOf(property.formula)
          return {
            marks: atoms.map((atom) =>
              atom._tag === "State"
                ? add(at, atom.holds, undefined)!
                : addStep(at, (atom as Extract<Formula<S>, { _tag: "Step" }>).holds, false)! // an atom is one or the other
            ),
            isStep: atoms.map(({ _tag }) => _tag === "Step")
          }
        }
        default:
          return states([add(at, property.holds, undefined)!])
      }
    })
    this.groups = [...groups.values()]
    this.step = steps.length === 0 ? undefined : (from, event, label, vector, length, edge) => {
      for (const question of steps) this.judgeStep(question, from, event, label, vector, length, edge)
    }
    this.ended = properties.some(({ kind }) => kind === "noDeadlock") ? (state) => this.judgeEnd(state) : undefined
  }

  get isDecided(): boolean {
    return this.open === 0 && !this.isExhaustive && this.properties.length > 0
  }

  get asksLiveness(): boolean {
    return this.properties.some(isLiveness)
  }

  get bytes(): number {
    return this.marks.reduce((sum, marks) => sum + marks.bytes, 0)
  }

  private mark(): Marks {
    const marks = new Marks()
    this.marks.push(marks)
    return marks
  }

  state(vector: Int32Array, length: number, number: number): void {
    const { findings, groups } = this
    let decoded: S | undefined
    for (let g = 0; g < groups.length; g++) {
      const { questions, reader } = groups[g]!
      const key = reader === undefined ? -1 : reader(vector)
      for (let q = 0; q < questions.length; q++) {
        const { ask, marks, memo, property, settles } = questions[q]!
        if (findings[property] !== undefined) continue
        let answer = key < 0 ? undefined : memo[key]
        if (answer === undefined) {
          decoded ??= this.space.decode(vector, length)
          const state = decoded
          answer = this.ask(property, () => ask(state))
          if (key >= 0) memo[key] = answer
        } else if (this.purity.isOn && this.purity.isDue()) {
          decoded ??= this.space.decode(vector, length)
          const state = decoded
          this.compare(property, answer, this.ask(property, () => ask(state)))
        }
        if (answer instanceof Thrown) this.settle(property, number, undefined, answer)
        else if (marks !== undefined) marks.set(number, answer === yes)
        else if (answer === settles) this.settle(property, number, undefined, undefined)
      }
    }
  }

  private judgeStep(
    { answers, ask, marks, pairs, places, property, reader, settles }: StepQuestion<S>,
    from: Entry,
    event: number,
    label: number,
    vector: Int32Array,
    length: number,
    edge: number
  ): void {
    if (this.findings[property] !== undefined) return
    const decide = (): Answer => {
      const before = this.space.decode(from.vector, from.length)
      const after = this.space.decode(vector, length)
      return this.ask(property, () => ask({ before, event: this.labelName(label), after }))
    }
    let answer: Answer
    if (reader === undefined) answer = decide()
    else {
      const before = reader(from.vector)
      const after = reader(vector)
      let pair = pairs.get(before, after)
      if (pair < 0) pairs.set(before, after, pair = pairs.size)
      let place = places.get(pair, label)
      if (place < 0) {
        place = answers.push(decide()) - 1
        places.set(pair, label, place)
      } else if (this.purity.isOn && this.purity.isDue()) this.compare(property, answers[place]!, decide())
      answer = answers[place]!
    }
    if (answer instanceof Thrown) this.settle(property, from.number, event, answer)
    else if (marks !== undefined) marks.set(edge, answer === yes)
    else if (settles && answer === no) this.settle(property, from.number, event, undefined)
  }

  private judgeEnd(state: Entry): void {
    for (const [at, property] of this.properties.entries()) {
      if (property.kind !== "noDeadlock" || this.findings[at] !== undefined) continue
      const answer = this.ask(at, () => property.done(this.space.decode(state.vector, state.length)))
      if (answer instanceof Thrown) this.settle(at, state.number, undefined, answer)
      else if (answer === no) this.settle(at, state.number, undefined, undefined)
    }
  }

  private ask(property: number, run: () => boolean): Answer {
    try {
      return guarded(() => `property ${this.properties[property]!.name} of ${this.model}`, run) ? yes : no
    } catch (error) {
      if (error instanceof Thrown) return error
      throw error
    }
  }

  /** Of one question, asked twice. */
  private compare(property: number, first: Answer, second: Answer): void {
    if (first === second || (first instanceof Thrown && second instanceof Thrown)) return
    const { name } = this.properties[property]!
    throw new Refusal("impure", `property ${name}`, `property ${name} of ${this.model} depends on more than it reads`)
  }

  private settle(property: number, number: number, event: number | undefined, thrown: Thrown | undefined): void {
    this.findings[property] = { number, event, thrown }
    this.open--
  }
}

const states = (marks: ReadonlyArray<Marks>): AtomMarks => ({ marks, isStep: marks.map(() => false) })
