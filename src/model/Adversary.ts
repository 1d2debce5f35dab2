/**
 * Byzantine nodes: what a faulty node may say, and when.
 *
 * An adversary is a protocol that takes the place of a node's own. It may send every message of a finite alphabet to anybody, at any moment, up to a bound; or be silent.
 * Channels are authenticated: it speaks in its own name only. What another node signed it can repeat when it has received it, and not invent: signatures are symbols,
 * which cannot be forged and can be passed on.
 *
 * @since 0.1.0
 */
import { encode } from "../core/Canonical.js"
import type { NodeId } from "../core/NodeId.js"
import type { Protocol, Vocabulary } from "../core/Protocol.js"
import type { Stepping } from "./internal/Steps.js"
import * as Steps from "./internal/Steps.js"
import type { Local } from "./SystemModel.js"

/**
 * What a faulty node may do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Powers<M> {
  /** What it may say, forgeries included. */
  readonly alphabet: ReadonlyArray<M>
  /** How many messages it sends at most. */
  readonly sends: number
  /** Whom it talks to. */
  readonly targets: ReadonlyArray<NodeId>
  /** Under synchronous time it may say one thing to each target in each round; else one thing at a time. Default false. */
  readonly inRounds?: boolean
  /** The signatures of others that a message carries, each as a text. None unless told. */
  readonly signatures?: (message: M) => ReadonlyArray<string>
}

/** What an adversary knows. */
interface Known {
  readonly sent: number
  /** Signatures that it has seen, in their order. */
  readonly seen: ReadonlyArray<string>
}

/** Its only timer: 0 ms, so no budget counts it. Under rounds it is armed for the next one. */
const act = "act"

/**
 * The adversary with these powers, as a protocol.
 *
 * @since 0.1.0
 * @category constructors
 */
export const protocol = <P extends Vocabulary>(powers: Powers<P["message"]>): Protocol<P> => {
  type Words = Vocabulary & { readonly state: Known; readonly message: P["message"]; readonly timer: typeof act }
  const { alphabet, inRounds = false, sends, targets } = powers
  const signatures = powers.signatures ?? (() => [])
  const wait = inRounds ? 1 : 0
  const adversary: Protocol<Words> = {
    name: "adversary",
    start: (_, __, out) => {
      if (sends > 0 && alphabet.length > 0) out.setTimer(act, wait)
      return { sent: 0, seen: [] }
    },
    onMessage: (known, _, message) => {
      const fresh = signatures(message).filter((signature) => !known.seen.includes(signature))
      return fresh.length === 0 ? known : { ...known, seen: [...known.seen, ...fresh].toSorted() }
    },
    onTimer: (known, _, out) => {
      const sayable = alphabet.filter((message) => signatures(message).every((one) => known.seen.includes(one)))
      let { sent } = known
      if (inRounds) {
        for (const target of targets) {
          const said = sent < sends ? out.choose(sayable.length + 1, "message") : 0
          if (said === 0) continue
          out.send(target, sayable[said - 1]!)
          sent++
        }
      } else if (sayable.length > 0) {
        out.send(targets[out.choose(targets.length, "target")]!, sayable[out.choose(sayable.length, "message")]!)
        sent++
      }
      // with nothing to say it waits for its next word
      if (sent < sends) out.setTimer(act, wait)
      return { ...known, sent }
    }
  }
  // the model asks of a node's state and timers only that they have encodings, and of its messages that they are P's
  return adversary as unknown as Protocol<P>
}

/**
 * Every message that correct code could send: the closure of all nodes under start, their timers and every such message from anybody. Requests are not among the causes;
 * name what they lead to. Throws a `RangeError` where the closure has more than `limit` states or messages (default 20,000).
 *
 * @since 0.1.0
 * @category constructors
 */
export const alphabet = <P extends Vocabulary>(
  nodes: ReadonlyArray<NodeId>,
  protocolOf: (node: NodeId) => Protocol<P>,
  limit = 20_000
): ReadonlyArray<P["message"]> => {
  const messages = new Map<string, P["message"]>()
  const parties = nodes.map((id) => ({
    stepping: steppingOf(nodes, id, protocolOf(id)),
    locals: new Map<string, Local<P>>()
  }))
  const take = (locals: Map<string, Local<P>>, outcomes: ReadonlyArray<Steps.Outcome<P>>): void => {
    for (const { leaves, local } of outcomes) {
      locals.set(encode(local), local)
      for (const leaving of leaves) if (leaving._tag === "Send") messages.set(encode(leaving.message), leaving.message)
    }
    if (locals.size > limit || messages.size > limit) throw new RangeError(`an alphabet of more than ${limit}`)
  }
  for (const { locals, stepping } of parties) take(locals, Steps.starts(stepping, Steps.unborn(stepping)))
  for (let size = 0; size !== sizeOf(parties, messages);) {
    size = sizeOf(parties, messages)
    for (const { locals, stepping } of parties) {
      for (const local of locals.values()) {
        for (const timer of [...local.timers, ...local.endOfBatch ?? []]) {
          take(locals, Steps.firings(stepping, local, timer))
        }
        for (const message of messages.values()) {
          for (const from of nodes) take(locals, Steps.deliveries(stepping, local, from, message))
        }
      }
    }
  }
  return [...messages].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, message]) => message)
}

const sizeOf = (
  parties: ReadonlyArray<{ readonly locals: ReadonlyMap<string, unknown> }>,
  messages: ReadonlyMap<string, unknown>
): number => parties.reduce((sum, { locals }) => sum + locals.size, messages.size)

const steppingOf = <P extends Vocabulary>(
  nodes: ReadonlyArray<NodeId>,
  id: NodeId,
  protocol: Protocol<P>
): Stepping<P> => ({
  protocol,
  context: { id, nodes },
  isDelayed: false,
  isForgetful: false,
  isSet: false,
  tick: undefined
})
