/**
 * A run as a document: what happened step by step, the state after each, the messages between the steps, and what was claimed. Plain data, which `Text`, `Mermaid`,
 * `ShiViz`, `Itf` and `Html` show in their ways; `SystemTrace` and `ActionTrace` make it of what the checker found.
 *
 * A step is named by its place in `steps`. What happened before the first event, the initial state, is step 0.
 *
 * @since 0.1.0
 */
import type { Change } from "./Difference.js"
import { difference } from "./Difference.js"
import type { Value } from "./Value.js"

/**
 * What kind of event a step is.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind =
  | "start"
  | "deliver"
  | "ignore"
  | "drop"
  | "duplicate"
  | "request"
  | "timer"
  | "durable"
  | "crash"
  | "restart"
  | "partition"
  | "heal"
  | "stabilise"
  | "tick"
  | "round"
  | "action"

/**
 * A part of a state. A `node` has a lane. `implied` is what the events say by themselves, such as what is in flight: it is not among the changes of a step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part {
  readonly name: string
  readonly kind: "node" | "variable" | "implied"
  readonly value: Value
}

/**
 * Whether a property's predicate is true of a step's state (of the step itself, for a claim about steps). Of an invariant it must be, in every step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  readonly name: string
  readonly isInvariant: boolean
  readonly holds: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Step {
  readonly kind: Kind
  readonly label: string
  /** The label with the gist of the message alone. */
  readonly headline: string
  /** The lane in which it happens; absent where that is all of them, or none. */
  readonly lane?: string | undefined
  readonly state: ReadonlyArray<Part>
  readonly claims: ReadonlyArray<Claim>
}

/**
 * A message: sent in one step, and gone with another unless it is still in flight at the end. `isCopy`: the network made it of another that was sent in the same step,
 * or delivers that one again; `origin` is the step in which a node sent the first.
 *
 * @since 0.1.0
 * @category models
 */
export interface Message {
  readonly from: string
  readonly to: string
  readonly content: Value
  readonly origin: number
  readonly sent: number
  readonly ended: number | undefined
  readonly fate: "delivered" | "ignored" | "lost" | "inFlight"
  readonly isCopy: boolean
}

/**
 * What lasted: a node that was down, or a partition. `until` is the step that ended it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Band {
  readonly kind: "crash" | "partition"
  readonly label: string
  /** Of the node that was down. */
  readonly lane?: string | undefined
  readonly from: number
  readonly until: number | undefined
}

/**
 * What a client asked, and was answered. Where a check of the history found an order that explains it, `point` is the step after which the operation takes effect, and `order`
 * its place; where it found none, `isViolation` names the operation whose answer cannot be explained.
 *
 * @since 0.1.0
 * @category models
 */
export interface Operation {
  readonly client: string
  readonly request: string
  readonly reply: string | undefined
  readonly invoked: number
  /** Absent: it is open at the end, or its outcome is unknown. */
  readonly returned: number | undefined
  readonly point?: number | undefined
  readonly order?: number | undefined
  readonly isViolation: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Trace {
  readonly title: string
  /** What was found, in a sentence: the property and its verdict. */
  readonly finding: string | undefined
  /** In the order in which they are shown. */
  readonly lanes: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
  readonly messages: ReadonlyArray<Message>
  readonly bands: ReadonlyArray<Band>
  readonly operations: ReadonlyArray<Operation>
  /** Of a run that goes on for ever: the step to whose state it comes back. Where that is the last step, it stays there. */
  readonly loop: number | undefined
}

/**
 * What a search found, to be made a trace: as the checker's verdicts have it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found<S, E = never> {
  readonly steps: ReadonlyArray<{ readonly event: string | E | undefined; readonly state: S }>
  readonly loop?: number | undefined
  readonly finding?: string | undefined
}

/**
 * What a step changed of the state, by part. Of the initial state, everything is left out.
 *
 * @since 0.1.0
 * @category inspecting
 */
export const changes = (trace: Trace, step: number): ReadonlyArray<Change> => {
  if (step === 0) return []
  const before = new Map(trace.steps[step - 1]!.state.map(({ name, value }) => [name, value]))
  return trace.steps[step]!.state.flatMap(({ kind, name, value }) =>
    kind === "implied" ? [] : difference(before.get(name), value, name)
  )
}

/**
 * How a run goes on after its last step.
 *
 * @since 0.1.0
 * @category rendering
 */
export const continuation = ({ loop, steps }: Trace): string | undefined =>
  loop === undefined
    ? undefined
    : loop === steps.length - 1
    ? "stays in this state for ever"
    : `goes on for ever: back to the state of step ${loop}`
