/**
 * A specification compiled to integers: states and operation classes are interned, and each (state, class) is stepped once.
 * The search asks for the same transition thousands of times; a probe of three Int32Arrays costs a few nanoseconds, `step` on appended
 * strings some microseconds.
 */
import type { Specification, Value } from "../Specification.js"

/** Bytes in use by one check, over all its partitions, and the bound it must stay under. */
export interface Meter {
  bytes: number
  readonly limit: number
}

const EMPTY = -1

export class Transitions<S, I, O> {
  readonly classOf: Int32Array
  private readonly members: Array<number> = []
  /** Classes that are pure for their output: never remembered, because their step only compares, and most of them are not legal in most states. */
  private readonly isPure: Array<boolean> = []
  private readonly states: Array<S> = []
  private readonly stateIds = new Map<Value, number>()
  private fromState = new Int32Array(64).fill(EMPTY)
  private byClass = new Int32Array(64)
  private target = new Int32Array(64)
  private count = 0

  constructor(
    private readonly specification: Specification<S, I, O>,
    private readonly inputs: ReadonlyArray<I>,
    private readonly outputs: ReadonlyArray<O | undefined>,
    private readonly meter: Meter
  ) {
    const classes = new Map<string, number>()
    this.classOf = Int32Array.from(inputs, (input, operation) => {
      const key = specification.operationKey(input, outputs[operation])
      const known = classes.get(key)
      if (known !== undefined) return known
      classes.set(key, this.members.length)
      const output = outputs[operation]
      this.isPure.push(output !== undefined && specification.isPure(input, output))
      return this.members.push(operation) - 1
    })
    this.intern(specification.initial) // the initial state is 0
  }

  /** The state after an operation of this class, or -1 where its output is not legal. */
  next(state: number, operationClass: number): number {
    if (this.isPure[operationClass]) return this.isLegal(state, operationClass) ? state : -1
    const slot = this.find(state, operationClass)
    if (this.fromState[slot] === state) return this.target[slot]!
    const operation = this.members[operationClass]!
    const after = this.specification.step(this.states[state]!, this.inputs[operation]!, this.outputs[operation])
    const id = after === undefined ? -1 : this.intern(after)
    this.fromState[slot] = state
    this.byClass[slot] = operationClass
    this.target[slot] = id
    if (++this.count * 2 > this.fromState.length) this.grow()
    return id
  }

  private isLegal(state: number, operationClass: number): boolean {
    const operation = this.members[operationClass]!
    return this.specification.step(this.states[state]!, this.inputs[operation]!, this.outputs[operation]) !== undefined
  }

  private intern(state: S): number {
    const key = this.specification.stateKey(state)
    const known = this.stateIds.get(key)
    if (known !== undefined) return known
    const id = this.states.push(state) - 1
    this.stateIds.set(key, id)
    this.meter.bytes += 96 + (typeof key === "string" ? 4 * key.length : 0)
    return id
  }

  private find(state: number, operationClass: number): number {
    const mask = this.fromState.length - 1
    let slot = (Math.imul(state, 0x9e3779b1) ^ Math.imul(operationClass, 0x85ebca6b)) >>> 7 & mask
    while (
      this.fromState[slot] !== EMPTY && (this.fromState[slot] !== state || this.byClass[slot] !== operationClass)
    ) slot = (slot + 1) & mask
    return slot
  }

  private grow(): void {
    const { byClass, fromState, target } = this
    const size = fromState.length * 2
    this.meter.bytes += 12 * fromState.length
    this.fromState = new Int32Array(size).fill(EMPTY)
    this.byClass = new Int32Array(size)
    this.target = new Int32Array(size)
    for (let i = 0; i < fromState.length; i++) {
      if (fromState[i] === EMPTY) continue
      const slot = this.find(fromState[i]!, byClass[i]!)
      this.fromState[slot] = fromState[i]!
      this.byClass[slot] = byClass[i]!
      this.target[slot] = target[i]!
    }
  }
}
