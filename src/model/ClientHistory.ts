/**
 * What a model's clients saw, as a history that `consistency` judges.
 *
 * Only what real time decides is kept: whether one operation ended before another began. Two invocations with no completion between them may come in either order, and
 * so may two completions; so systems that differ in nothing else are one state.
 *
 * @since 0.1.0
 */
import type { Event, ProcessId } from "../consistency/History.js"
import { fromEvents, MalformedHistory } from "../consistency/History.js"
import * as Linearizability from "../consistency/Linearizability.js"
import type { Specification } from "../consistency/Specification.js"
import type { Vocabulary } from "../core/Protocol.js"
import type { HistoryModel, SystemProperty } from "./SystemModel.js"

/**
 * The events so far, and how often each client lost an operation: it goes on as another process.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientHistory<I, O> {
  readonly events: ReadonlyArray<Event<I, O>>
  readonly lost: { readonly [client: number]: number }
}

/**
 * What a reply means: it happened with an output, it certainly had no effect, or nobody knows.
 *
 * @since 0.1.0
 * @category models
 */
export type Meaning<O> =
  | { readonly _tag: "Ok"; readonly output: O }
  | { readonly _tag: "Fail" }
  | { readonly _tag: "Unknown" }

/**
 * Records requests as operations. A request without an input is none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const record = <P extends Vocabulary, I, O>(of: {
  readonly input: (request: P["request"]) => I | undefined
  readonly meaning: (reply: P["reply"], request: P["request"], state: P["state"]) => Meaning<O>
}): HistoryModel<P["message"], ClientHistory<I, O>, P["event"], P["request"], P["reply"]> => {
  type Story = ClientHistory<I, O>
  const processOf = ({ lost }: Story, client: number): ProcessId => `${client}.${lost[client] ?? 0}`
  const unknown = (story: Story, client: number): Story => ({
    events: note(story.events, { type: "info", process: processOf(story, client) }),
    lost: { ...story.lost, [client]: (story.lost[client] ?? 0) + 1 }
  })
  return {
    initial: { events: [], lost: {} },
    onDeliver: (story) => story,
    onSend: (story) => story,
    onRequest: (story, client, request) => {
      const input = of.input(request)
      if (input === undefined) return story
      return { ...story, events: note(story.events, { type: "invoke", process: processOf(story, client), input }) }
    },
    onReply: (story, client, reply, request, state) => {
      if (of.input(request) === undefined) return story
      const process = processOf(story, client)
      const meaning = of.meaning(reply, request, state as P["state"]) // the model's own
      switch (meaning._tag) {
        case "Ok":
          return { ...story, events: note(story.events, { type: "ok", process, output: meaning.output }) }
        case "Fail":
          return { ...story, events: note(story.events, { type: "fail", process }) }
        case "Unknown":
          return unknown(story, client)
      }
    },
    onLost: (story, client, request) => of.input(request) === undefined ? story : unknown(story, client)
  }
}

/** One more event, put in its place among those that may come in any order with it. */
const note = <I, O>(events: ReadonlyArray<Event<I, O>>, event: Event<I, O>): ReadonlyArray<Event<I, O>> => {
  let at = events.length
  while (at > 0) {
    const before = events[at - 1]!
    if ((before.type === "invoke") !== (event.type === "invoke") || before.process < event.process) break
    at--
  }
  return events.toSpliced(at, 0, event)
}

/**
 * What the clients saw is linearizable. It is asked once for each history. Throws where the check itself gives up, which small histories do not make it do.
 *
 * @since 0.1.0
 * @category properties
 */
export const linearizable = <P extends Vocabulary, S, I, O>(
  specification: Specification<S, I, O>
): SystemProperty<P, ClientHistory<I, O>> => ({
  name: "linearizable",
  kind: "always",
  reads: "history",
  holds: ({ history }) => {
    const operations = fromEvents(history.events)
    if (operations instanceof MalformedHistory) throw operations
    const { verdict } = Linearizability.check(specification, operations)
    if (verdict === "unknown") throw new RangeError("a history of a model is too long to be judged")
    return verdict === "consistent"
  }
})
