/**
 * Commands travel in batches: what a node's clients ask within one turn, or while earlier batches are under way, is one log entry, one session sequence and one
 * answer. This is worth more than anything else that was measured (see `benchmarks`), since an entry costs steps, frames and messages at every node.
 *
 * @internal
 */
import type { Codec } from "../../network/Codec.js"
import { Reader, Writer } from "../../network/Codec.js"
import type { Session, Sessions } from "../../protocols/raft/Sessions.js"
import type { StateMachine } from "../../protocols/raft/Types.js"
import type { Machine } from "../ReplicatedStateMachine.js"

/** Commands with their encoding, which is made once and shared by the journal and all peers. */
export class Batch<out C> {
  constructor(readonly commands: ReadonlyArray<C>, readonly bytes: Uint8Array) {}
}

/** In the place of a result: `apply` threw. */
export class Thrown {
  constructor(readonly detail: string) {}
}

/** The results of a batch. Those that did not throw are numbered from `revision` on. */
export class Results<out R> {
  constructor(
    readonly revision: number,
    readonly executed: number,
    readonly results: ReadonlyArray<R | Thrown>
  ) {}
}

/** A state, and how many commands made it: those that threw did not. */
export interface Versioned<S> {
  readonly state: S
  readonly revision: number
}

interface Applied<S, R> {
  readonly state: S
  readonly executed: number
  readonly results: ReadonlyArray<R | Thrown>
}

/** At once, where the machine can, does not throw and answers every command. */
const together = <S, C, R>(
  { applyAll }: Machine<S, C, R>,
  before: S,
  commands: ReadonlyArray<C>
): Applied<S, R> | undefined => {
  if (applyAll === undefined) return undefined
  try {
    const [state, results] = applyAll(before, commands)
    return results.length === commands.length ? { state, executed: results.length, results } : undefined
  } catch {
    return undefined // one by one says which command throws
  }
}

const oneByOne = <S, C, R>({ apply }: Machine<S, C, R>, before: S, commands: ReadonlyArray<C>): Applied<S, R> => {
  let state = before
  let executed = 0
  const results = commands.map((command): R | Thrown => {
    try {
      const [next, result] = apply(state, command)
      state = next
      executed++
      return result
    } catch (error) {
      return new Thrown(String(error))
    }
  })
  return { state, executed, results }
}

/** The machine whose commands are batches. */
export const batched = <S, C, R>(machine: Machine<S, C, R>): StateMachine<Versioned<S>, Batch<C>, Results<R>> => {
  const results = resultsCodec(machine.result)
  return {
    initial: { state: machine.initial, revision: 0 },
    apply: (before, batch) => {
      const { executed, results, state } = together(machine, before.state, batch.commands) ??
        oneByOne(machine, before.state, batch.commands)
      return {
        state: { state, revision: before.revision + executed },
        result: new Results(before.revision + 1, executed, results)
      }
    },
    encode: ({ sessions, state }) => {
      const writer = new Writer(4_096)
      writer.varint(state.revision)
      machine.state.encode(state.state, writer)
      writer.varint(sessions.size)
      // in the order of use, which is the same at every replica and decides who is evicted
      for (const [id, session] of sessions) {
        writer.varint(id)
        writer.varint(session.lowest)
        writer.varint(session.used)
        writer.varint(session.results.size)
        for (const [sequence, kept] of session.results) {
          writer.varint(sequence)
          writer.varint(kept.index)
          results.encode(kept.result, writer)
        }
      }
      return writer.finish()
    },
    decode: (bytes) => {
      const reader = new Reader(bytes)
      const revision = reader.varint()
      const state = machine.state.decode(reader)
      const sessions = new Map<number, Session<Results<R>>>()
      for (let count = reader.count(); count > 0; count--) {
        const id = reader.varint()
        const lowest = reader.varint()
        const used = reader.varint()
        const kept = new Map<number, { readonly index: number; readonly result: Results<R> }>()
        for (let left = reader.count(); left > 0; left--) {
          kept.set(reader.varint(), { index: reader.varint(), result: results.decode(reader) })
        }
        sessions.set(id, { lowest, used, results: kept })
      }
      const image: { readonly state: Versioned<S>; readonly sessions: Sessions<Results<R>> } = {
        state: { state, revision },
        sessions
      }
      return image
    }
  }
}

/** Count and bytes; the bytes of a decoded batch are kept for the journal. */
export const batchCodec = <C>(command: Codec<C>): Codec<Batch<C>> => ({
  encode: (batch, writer) => {
    writer.varint(batch.commands.length)
    writer.blob(batch.bytes)
  },
  decode: (reader) => {
    const count = reader.varint()
    const bytes = reader.blob()
    if (count > bytes.length) reader.fail("more commands than bytes")
    const inner = new Reader(bytes)
    const commands: Array<C> = []
    for (let i = 0; i < count; i++) commands.push(command.decode(inner))
    if (inner.remaining > 0) inner.fail("bytes behind the last command")
    return new Batch(commands, bytes)
  }
})

/** A result each, or why `apply` threw. */
export const resultsCodec = <R>(result: Codec<R>): Codec<Results<R>> => ({
  encode: ({ results, revision }, writer) => {
    writer.varint(revision)
    writer.varint(results.length)
    for (const one of results) {
      writer.boolean(one instanceof Thrown)
      if (one instanceof Thrown) writer.string(one.detail)
      else result.encode(one, writer)
    }
  },
  decode: (reader) => {
    const revision = reader.varint()
    const results: Array<R | Thrown> = []
    let executed = 0
    for (let count = reader.count(); count > 0; count--) {
      const isThrown = reader.boolean()
      if (!isThrown) executed++
      results.push(isThrown ? new Thrown(reader.string()) : result.decode(reader))
    }
    return new Results(revision, executed, results)
  }
})
