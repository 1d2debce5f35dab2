/** The slow twin of the checker: breadth-first search over plain states, told apart by their canonical encodings. */
import { encode } from "synod/core/Canonical"
import type { Vocabulary } from "synod/core/Protocol"
import { emptyDurable } from "synod/core/Protocol"
import type { ActionModel } from "synod/model/ActionModel"
import type { Outcome } from "synod/model/internal/Steps"
import { outcomes } from "synod/model/internal/Steps"
import type { Envelope, Local, SystemModel, Used } from "synod/model/SystemModel"

export const explore = <V extends { readonly [name: string]: unknown }>(model: ActionModel<V>) => {
  const seen = new Set<string>()
  let frontier: Array<V> = []
  let generated = 0
  let depth = 0
  const offer = (state: V, into: Array<V>) => {
    generated++
    const key = encode(state)
    if (seen.has(key)) return
    seen.add(key)
    into.push(state)
  }
  for (const state of model.initial) offer(state, frontier)
  while (frontier.length > 0) {
    depth++
    const next: Array<V> = []
    for (const state of frontier) {
      for (const action of model.actions) {
        const read = Object.fromEntries(action.reads.map((name) => [name, state[name]])) as V
        for (const assignment of action.step(read)) offer({ ...state, ...assignment }, next)
      }
    }
    frontier = next
  }
  return { distinct: seen.size, generated, depth }
}

/**
 * The same for systems of nodes, by the rules of the model and not by the checker's tables: everything in flight is a list of envelopes, told apart by encodings.
 */
export const exploreSystem = <P extends Vocabulary, H>(model: SystemModel<P, H>) => {
  type Net = ReadonlyArray<Envelope<P["message"]>>
  interface State {
    readonly nodes: ReadonlyArray<Local<P>>
    readonly net: Net
    readonly history: H
    readonly used: Used
    readonly last: Envelope<P["message"]> | undefined
  }
  const { kind, lossy, remembersLast } = model.network
  const protocolOf = (slot: number) =>
    typeof model.protocol === "function" ? model.protocol(model.nodes[slot]!) : model.protocol
  const put = (net: Net, envelope: Envelope<P["message"]>): Net =>
    kind === "ordered" && !model.nodes.includes(envelope.to)
      ? net
      : kind === "set" && net.some((other) => encode(other) === encode(envelope))
      ? net
      : [...net, envelope]
  const channels = (net: Net): ReadonlyArray<string> => {
    const byChannel = new Map<string, string>()
    for (const envelope of net) {
      const channel = `${envelope.from}>${envelope.to}`
      byChannel.set(channel, `${byChannel.get(channel) ?? channel} ${encode(envelope)}`)
    }
    return [...byChannel.values()].toSorted()
  }
  const keyOf = (state: State): string => {
    const texts = state.net.map((envelope) => encode(envelope))
    // within a channel the order counts, between channels it does not
    const net = kind === "ordered"
      ? channels(state.net)
      : texts.toSorted()
    return encode([state.nodes, net, state.history, state.used, state.last])
  }
  const follow = (
    state: State,
    slot: number,
    delivered: Envelope<P["message"]> | undefined,
    outcome: Outcome<P>
  ): State => {
    let { history, net } = state
    if (delivered !== undefined) history = model.history.onDeliver(history, delivered)
    for (const { message, to } of outcome.sends) {
      const envelope = { from: model.nodes[slot]!, to, message }
      history = model.history.onSend(history, envelope)
      net = put(net, envelope)
    }
    return { ...state, nodes: state.nodes.with(slot, outcome.local), history, net }
  }
  const starts = (state: State, slot: number): ReadonlyArray<State> => {
    const local = state.nodes[slot]!
    const protocol = protocolOf(slot)
    const context = { id: model.nodes[slot]!, nodes: model.nodes }
    return outcomes(protocol, local, (out) => protocol.start(context, local.durable, out))
      .map((outcome) => follow(state, slot, undefined, outcome))
  }
  const successors = (state: State): Array<State> => {
    const next: Array<State> = []
    const seen = new Set<string>()
    const heads = new Set<string>()
    for (const [at, envelope] of state.net.entries()) {
      if (kind === "ordered") {
        if (heads.has(`${envelope.from}>${envelope.to}`)) continue
        heads.add(`${envelope.from}>${envelope.to}`)
      } else if (seen.has(encode(envelope))) continue
      seen.add(encode(envelope))
      const slot = model.nodes.indexOf(envelope.to)
      const without = { ...state, net: state.net.toSpliced(at, 1) }
      const local = state.nodes[slot]
      if (local?.up === true) {
        const protocol = protocolOf(slot)
        const all = outcomes(
          protocol,
          local,
          (out) => protocol.onMessage(local.state, envelope.from, envelope.message, out)
        )
        for (const outcome of all) {
          if (!outcome.isIgnored) {
            const from = kind === "set" ? { ...state, last: remembersLast ? envelope : undefined } : without
            next.push(follow(from, slot, envelope, outcome))
          } else if (kind === "ordered") next.push(without)
        }
      }
      if (!lossy || (model.faults.drops > 0 && state.used.drops >= model.faults.drops)) continue
      const drops = model.faults.drops === 0 ? 0 : state.used.drops + 1
      next.push({ ...without, used: { ...state.used, drops } })
    }
    for (const [slot, local] of state.nodes.entries()) {
      const protocol = protocolOf(slot)
      if (!local.up) {
        if (state.used.restarts < model.faults.restarts) {
          const used = { ...state.used, restarts: state.used.restarts + 1 }
          for (const started of starts({ ...state, used }, slot)) next.push(started)
        }
        continue
      }
      for (const timer of local.timers) {
        const disarmed = { ...local, timers: local.timers.filter((other) => encode(other) !== encode(timer)) }
        for (
          const outcome of outcomes(
            protocol,
            disarmed,
            (out) => protocol.onTimer?.(local.state, timer, out) ?? local.state
          )
        ) {
          if (encode(outcome.local) !== encode(local) || outcome.sends.length > 0) {
            next.push(follow(state, slot, undefined, outcome))
          }
        }
      }
      if (state.used.crashes < model.faults.crashes) {
        const down = { up: false, state: undefined, timers: [], durable: local.durable }
        next.push({
          ...state,
          nodes: state.nodes.with(slot, down),
          used: { ...state.used, crashes: state.used.crashes + 1 }
        })
      }
    }
    return next
  }
  const seen = new Set<string>()
  let generated = 0
  let depth = 0
  const offer = (state: State, into: Array<State>) => {
    generated++
    const key = keyOf(state)
    if (seen.has(key)) return
    seen.add(key)
    into.push(state)
  }
  let begun: ReadonlyArray<State> = [{
    nodes: model.nodes.map((_, slot) => ({
      up: false,
      state: undefined,
      timers: [],
      durable: emptyDurable(protocolOf(slot))
    })),
    net: [],
    history: model.history.initial,
    used: { crashes: 0, restarts: 0, drops: 0 },
    last: undefined
  }]
  for (const slot of model.nodes.keys()) begun = begun.flatMap((state) => starts(state, slot))
  let frontier: Array<State> = []
  for (const state of begun) offer(state, frontier)
  while (frontier.length > 0) {
    depth++
    const next: Array<State> = []
    for (const state of frontier) for (const successor of successors(state)) offer(successor, next)
    frontier = next
  }
  return { distinct: seen.size, generated, depth }
}
