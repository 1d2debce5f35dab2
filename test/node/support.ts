/** What the tests of the driver share: sinks that write everything down, a disk and a clock by hand. */
import * as NodeId from "synod/core/NodeId"
import type { Protocol, Vocabulary } from "synod/core/Protocol"
import { emptyDurable } from "synod/core/Protocol"
import type { Codec } from "synod/network/Codec"
import { Reader } from "synod/network/Codec"
import { Driver } from "../../src/node/internal/Driver.js"

/** Any JSON value, length first. */
export const json = <A>(): Codec<A> => ({
  encode: (value, writer) => writer.string(JSON.stringify(value)),
  decode: (reader) => JSON.parse(reader.string()) as A
})

const records = <A>(codec: Codec<A>, bytes: Uint8Array): Array<A> => {
  const reader = new Reader(bytes)
  const found: Array<A> = []
  while (reader.remaining > 0) found.push(codec.decode(reader))
  return found
}

export interface Bench<P extends Vocabulary> {
  readonly driver: Driver<P>
  readonly log: Array<unknown>
  readonly frames: Array<{ readonly position: number; readonly records: Array<P["record"]> }>
  now: number
  /** Frames that the disk takes before it refuses. */
  room: number
}

export const a = NodeId.make("a")
export const b = NodeId.make("b")

export const bench = <P extends Vocabulary>(
  protocol: Protocol<P>,
  options: { readonly durable?: P["durable"]; readonly frameBytes?: number; readonly draw?: (n: number) => number } = {}
): Bench<P> => {
  const record = json<P["record"]>()
  const log: Array<unknown> = []
  const frames: Bench<P>["frames"] = []
  const self: { -readonly [K in keyof Bench<P>]: Bench<P>[K] } = {
    log,
    frames,
    now: 0,
    room: Infinity,
    driver: new Driver<P>({
      protocol,
      self: { id: a, nodes: [a, b] },
      durable: options.durable ?? emptyDurable(protocol),
      record,
      ...(options.frameBytes === undefined ? {} : { frameBytes: options.frameBytes }),
      sinks: {
        send: (to, message) => log.push(["send", to, message]),
        reply: (id, reply) => log.push(["reply", id, reply]),
        emit: (event) => log.push(["emit", event]),
        write: (position, bytes) => {
          if (self.room === 0) return false
          self.room--
          frames.push({ position, records: records(record, bytes) })
          log.push(["write", position])
          return true
        },
        now: () => self.now,
        draw: options.draw ?? (() => 0)
      }
    })
  }
  return self
}
