/**
 * Messages in flight as a plain list, for the transitions that are not interned. In the order of encodings; on an ordered network by channel, and in the order of each.
 */
import { encode } from "../../core/Canonical.js"
import type { Envelope, SystemModel } from "../SystemModel.js"

export type Flight<M> = ReadonlyArray<Envelope<M>>

/** On an ordered network, by channel: the place at which one more message goes. */
const channelEnd = <M>(
  nodes: SystemModel<never, never>["nodes"],
  flight: Flight<M>,
  envelope: Envelope<M>
): number => {
  const rank = (of: Envelope<M>): number => nodes.indexOf(of.from) * nodes.length + nodes.indexOf(of.to)
  const at = flight.findIndex((other) => rank(other) > rank(envelope))
  return at < 0 ? flight.length : at
}

export const put = <M>(
  { network, nodes }: Pick<SystemModel<never, never>, "network" | "nodes">,
  flight: Flight<M>,
  envelope: Envelope<M>
): Flight<M> => {
  if (network.kind === "ordered") {
    return nodes.includes(envelope.to)
      ? flight.toSpliced(channelEnd(nodes, flight, envelope), 0, envelope)
      : flight
  }
  const key = encode(envelope)
  if (network.kind === "set" && flight.some((other) => encode(other) === key)) return flight
  const at = flight.findIndex((other) => encode(other) > key)
  return flight.toSpliced(at < 0 ? flight.length : at, 0, envelope)
}

/** What may be touched next, with its place: each distinct message once; on an ordered network the head of each channel. */
export const ready = <M>(
  { network }: Pick<SystemModel<never, never>, "network">,
  flight: Flight<M>
): ReadonlyArray<readonly [at: number, envelope: Envelope<M>]> => {
  const seen = new Set<string>()
  return [...flight.entries()].filter(([, envelope]) => {
    const key = network.kind === "ordered" ? encode([envelope.from, envelope.to]) : encode(envelope)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
