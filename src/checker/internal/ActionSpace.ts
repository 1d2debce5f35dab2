/**
 * Guarded actions, interned and memoised: an action runs once for each combination of values that it reads; then it is a chain of table look-ups.
 */
import type { Action, ActionModel } from "../../model/ActionModel.js"
import type { Entry } from "./Frontier.js"
import { Grid } from "./Grid.js"
import { Interner, SlotKeys } from "./Interner.js"
import { Purity } from "./Purity.js"
import { Refusal } from "./Refusal.js"
import type { Parts, Readable, Sink, Space } from "./Space.js"
import { guarded } from "./Thrown.js"
import { Tuples } from "./Tuples.js"

type Values = { readonly [name: string]: unknown }

/** One assignment of an action: slot, component and the two words of its key there, for each variable. */
type Outcome = Int32Array

/** The memo of one action. */
interface Compiled {
  readonly action: Action<Values>
  readonly reads: ReadonlyArray<number>
  /** By the component of the first variable that is read: the prefix. */
  readonly first: Array<number | undefined>
  /** By the number of values read so far: (prefix, component) -> prefix. The last prefix is an index of `outcomes`. */
  readonly chain: ReadonlyArray<Grid>
  readonly prefixes: Array<number>
  /** Where the action is disabled, prefix 0. */
  readonly outcomes: Array<ReadonlyArray<Outcome>>
}

/** Instances of one action that a trace can tell apart. */
const maxInstances = 4_096

export class ActionSpace<V extends Values> implements Space, Parts, Readable<V, ReadonlyArray<string>> {
  private readonly names: ReadonlyArray<string>
  private readonly components: ReadonlyArray<Interner<unknown>>
  private readonly keys: ReadonlyArray<SlotKeys>
  private readonly compiled: ReadonlyArray<Compiled>
  private readonly tuples = new Tuples()
  /** By action. */
  private readonly fairClasses: ReadonlyArray<ReadonlyArray<number>>

  constructor(private readonly model: ActionModel<V>, private readonly purity = new Purity()) {
    const [first] = model.initial
    if (first === undefined) throw new Refusal("invalid", model.name, `${model.name} has no initial state`)
    this.names = Object.keys(first)
    this.components = this.names.map(() => new Interner<unknown>(purity.isOn))
    this.keys = this.components.map((components, slot) => new SlotKeys(components, slot))
    this.compiled = model.actions.map((action) => ({
      action: action as unknown as Action<Values>, // it is given exactly the variables that it reads
      reads: action.reads.map((name) => this.slotOf(`action ${action.name}`, name)),
      first: [],
      chain: action.reads.map(() => new Grid()),
      prefixes: action.reads.map(() => 0),
      outcomes: [[]]
    }))
    this.fairClasses = model.actions.map(({ name }) =>
      model.fairness === undefined
        ? [0]
        : model.fairness.flatMap(({ actions }, fairClass) => actions.includes(name) ? [fairClass] : [])
    )
    for (const owed of (model.fairness ?? []).flatMap(({ actions }) => actions)) {
      if (model.actions.some(({ name }) => name === owed)) continue
      throw new Refusal("invalid", "fairness", `the fairness of ${model.name} names ${owed}, which is no action`)
    }
  }

  private slotOf(part: string, name: string): number {
    const slot = this.names.indexOf(name)
    if (slot >= 0) return slot
    throw new Refusal("invalid", part, `${part} of ${this.model.name} names ${name}, which is no variable`)
  }

  begin(sink: Sink): void {
    for (const state of this.model.initial) {
      const numbers = this.names.map((name, slot) => this.components[slot]!.intern(state[name]))
      let low = 0
      let high = 0
      for (const [slot, number] of numbers.entries()) {
        low = (low + this.keys[slot]!.low(number)) | 0
        high = (high + this.keys[slot]!.high(number)) | 0
      }
      if (!sink.edge(low, high, -1)) continue
      sink.vector.set(numbers)
      sink.commit(numbers.length)
    }
  }

  expand(state: Entry, sink: Sink): void {
    const { vector } = state
    const { compiled } = this
    for (let a = 0; a < compiled.length; a++) {
      const number = this.outcomesOf(compiled[a]!, vector)
      if (number === 0) continue
      const outcomes = compiled[a]!.outcomes[number]!
      for (let o = 0; o < outcomes.length; o++) this.follow(state, outcomes[o]!, a * maxInstances + o, a, sink)
    }
  }

  private follow(state: Entry, outcome: Outcome, event: number, label: number, sink: Sink): void {
    const { vector } = state
    let low = state.low
    let high = state.high
    for (let i = 0; i < outcome.length; i += 4) {
      const slot = outcome[i]!
      const before = vector[slot]!
      if (before === outcome[i + 1]) continue
      const keys = this.keys[slot]!
      low = (low - keys.low(before) + outcome[i + 2]!) | 0
      high = (high - keys.high(before) + outcome[i + 3]!) | 0
    }
    if (!sink.edge(low, high, event, label)) return
    const next = sink.vector
    for (let i = 0; i < state.length; i++) next[i] = vector[i]!
    for (let i = 0; i < outcome.length; i += 4) next[outcome[i]!] = outcome[i + 1]!
    sink.commit(state.length)
  }

  /** The place in the action's `outcomes`; 0 where it is disabled. */
  private outcomesOf(compiled: Compiled, vector: Int32Array): number {
    const { chain, first, reads } = compiled
    // an action that reads nothing has one value to look at
    const start = reads.length === 0 ? 0 : vector[reads[0]!]!
    let prefix = first[start] ?? this.extend(compiled, 0, 0, start, vector)
    for (let i = 1; i < reads.length; i++) {
      const component = vector[reads[i]!]!
      const known = chain[i]!.get(prefix, component)
      prefix = known >= 0 ? known : this.extend(compiled, i, prefix, component, vector)
    }
    if (this.purity.isOn && this.purity.isDue()) {
      this.purity.compare(() => this.placeOf(compiled), compiled.outcomes[prefix], this.run(compiled, vector))
    }
    return prefix
  }

  private extend(compiled: Compiled, i: number, prefix: number, component: number, vector: Int32Array): number {
    const isLast = i >= compiled.reads.length - 1
    let next = 0
    if (isLast) {
      const outcomes = this.run(compiled, vector)
      if (outcomes.length > 0) next = compiled.outcomes.push(outcomes) - 1
    } else next = compiled.prefixes[i]!++
    if (i === 0) compiled.first[component] = next
    else compiled.chain[i]!.set(prefix, component, next)
    return next
  }

  private placeOf({ action }: Compiled): string {
    return `action ${action.name} of ${this.model.name}`
  }

  private run(compiled: Compiled, vector: Int32Array): ReadonlyArray<Outcome> {
    const { action, reads } = compiled
    const place = () => this.placeOf(compiled)
    const read: Record<string, unknown> = {}
    for (const slot of reads) read[this.names[slot]!] = this.components[slot]!.values[vector[slot]!]
    const instances = this.purity.call(place, read, () => action.step(read))
    if (instances.length > maxInstances) {
      throw new Refusal(
        "limit",
        place(),
        `${place()} has ${instances.length} instances in one state, more than ${maxInstances}`
      )
    }
    return instances.map((assignment) =>
      Int32Array.from(
        Object.entries(assignment).flatMap(([name, value]) => {
          const slot = this.slotOf(`action ${action.name}`, name)
          const component = guarded(place, () => this.components[slot]!.intern(value))
          return [slot, component, this.keys[slot]!.low(component), this.keys[slot]!.high(component)]
        })
      )
    )
  }

  reader(reads: ReadonlyArray<string>, of: string): (vector: Int32Array) => number {
    const slots = Int32Array.from(reads, (name) => this.slotOf(`property ${of}`, name))
    return (vector) => this.tuples.of(vector, slots)
  }

  labelName(action: number): string {
    return this.compiled[action]!.action.name
  }

  classesOf(action: number): ReadonlyArray<number> {
    return this.fairClasses[action]!
  }

  isStrong(fairClass: number): boolean {
    return this.model.fairness?.[fairClass]?.kind === "strong"
  }

  decode(vector: Int32Array, length: number): V {
    const state: Record<string, unknown> = {}
    for (let slot = 0; slot < length; slot++) state[this.names[slot]!] = this.components[slot]!.values[vector[slot]!]
    return state as V // the slots are the variables of the model, in order
  }

  eventName(_state: Entry, event: number): string {
    const { action } = this.compiled[Math.floor(event / maxInstances)]!
    const instance = event % maxInstances
    return instance === 0 ? action.name : `${action.name} #${instance + 1}`
  }

  isInside(vector: Int32Array, length: number): boolean {
    const { boundary, name } = this.model
    return boundary === undefined || guarded(() => `boundary of ${name}`, () => boundary(this.decode(vector, length)))
  }

  eachPart(vector: Int32Array, length: number, visit: (place: number, component: number) => void): void {
    for (let slot = 0; slot < length; slot++) visit(slot, vector[slot]!)
  }

  placeName(slot: number): string {
    return this.names[slot]!
  }

  componentAt(slot: number, component: number): unknown {
    return this.components[slot]!.values[component]
  }
}
