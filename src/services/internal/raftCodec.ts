/**
 * Raft on the wire and on disk. By hand, because every command passes here several times at each node; the property test holds it to `decode(encode(x)) = x`, and
 * to `CodecError` and nothing else on any other bytes. The number of a kind is the format: never reuse one.
 *
 * @internal
 */
import { Log } from "../../core/Log.js"
import type { NodeId } from "../../core/NodeId.js"
import { isNodeId } from "../../core/NodeId.js"
import type { RequestId } from "../../core/Protocol.js"
import { requestId } from "../../core/Protocol.js"
import type { Codec, Reader, Writer } from "../../network/Codec.js"
import type { Durable, Entry, Message, Record, Reply, Request, Snapshot } from "../../protocols/raft/Types.js"

/** A codec of entries, over one of commands. */
export const entryCodec = <C>(command: Codec<C>): Codec<Entry<C>> => ({
  encode: (entry, writer) => {
    switch (entry._tag) {
      case "NoOp":
        writer.u8(0)
        return writer.varint(entry.term)
      case "OpenSession":
        writer.u8(1)
        return writer.varint(entry.term)
      case "Command":
        writer.u8(2)
        writer.varint(entry.term)
        writer.varint(entry.session)
        writer.varint(entry.sequence)
        writer.varint(entry.lowest)
        return command.encode(entry.command, writer)
    }
  },
  decode: (reader) => {
    const kind = reader.u8()
    const term = reader.varint()
    switch (kind) {
      case 0:
        return { _tag: "NoOp", term }
      case 1:
        return { _tag: "OpenSession", term }
      case 2:
        return {
          _tag: "Command",
          term,
          session: reader.varint(),
          sequence: reader.varint(),
          lowest: reader.varint(),
          command: command.decode(reader)
        }
      default:
        return reader.fail(`no entry of kind ${kind}`)
    }
  }
})

/** What the journal holds. */
export const recordCodec = <C>(entry: Codec<Entry<C>>): Codec<Record<C>> => ({
  encode: (record, writer) => {
    switch (record._tag) {
      case "Term":
        writer.u8(0)
        writer.varint(record.term)
        return writeNode(record.votedFor, writer)
      case "Append":
        writer.u8(1)
        writer.varint(record.index)
        return writeEntries(entry, record.entries, writer)
      case "Snapshot":
        writer.u8(2)
        writeSnapshot(record.snapshot, writer)
        return writer.varint(record.floor)
    }
  },
  decode: (reader) => {
    const kind = reader.u8()
    switch (kind) {
      case 0:
        return { _tag: "Term", term: reader.varint(), votedFor: readNode(reader) }
      case 1:
        return { _tag: "Append", index: reader.varint(), entries: readEntries(entry, reader) }
      case 2:
        return { _tag: "Snapshot", snapshot: readSnapshot(reader), floor: reader.varint() }
      default:
        return reader.fail(`no record of kind ${kind}`)
    }
  }
})

/** What a checkpoint holds. */
export const durableCodec = <C>(entry: Codec<Entry<C>>): Codec<Durable<C>> & {
  readonly steps: (durable: Durable<C>, writer: Writer) => Iterable<void>
} => ({
  steps: (durable, writer) => durableSteps(entry, durable, writer),
  encode: (durable, writer) => {
    for (const _ of durableSteps(entry, durable, writer)) continue
  },
  decode: (reader) => {
    const term = reader.varint()
    const votedFor = readNode(reader)
    const snapshot = reader.boolean() ? readSnapshot(reader) : undefined
    const floor = reader.varint()
    let log = Log.fromSnapshot<Entry<C>>(floor, reader.varint())
    for (let count = reader.count(); count > 0; count--) log = log.append(entry.decode(reader))
    return { term, votedFor, log, snapshot }
  }
})

/** What nodes say to each other. */
export const messageCodec = <C, R>(command: Codec<C>, result: Codec<R>): Codec<Message<C, R>> => {
  const entry = entryCodec(command)
  const request = requestCodec(command)
  const reply = replyCodec(result)
  return {
    encode: (message, writer) => {
      switch (message._tag) {
        case "RequestVote":
          writer.u8(0)
          writer.varint(message.term)
          writer.varint(message.lastIndex)
          writer.varint(message.lastTerm)
          return writer.boolean(message.preVote)
        case "Vote":
          writer.u8(1)
          writer.varint(message.term)
          writer.boolean(message.granted)
          return writer.boolean(message.preVote)
        case "Append":
          writer.u8(2)
          writer.varint(message.term)
          writer.varint(message.prevIndex)
          writer.varint(message.prevTerm)
          writer.varint(message.commit)
          return writeEntries(entry, message.entries, writer)
        case "Appended":
          writer.u8(3)
          writer.varint(message.term)
          return writer.varint(message.match)
        case "Rejected":
          writer.u8(4)
          writer.varint(message.term)
          writer.varint(message.prevIndex)
          writer.varint(message.hintIndex)
          return writer.varint(message.hintTerm)
        case "Heartbeat":
          writer.u8(5)
          writer.varint(message.term)
          writer.varint(message.commit)
          return writer.varint(message.position)
        case "Alive":
          writer.u8(6)
          writer.varint(message.term)
          return writer.varint(message.position)
        case "SnapshotChunk":
          writer.u8(7)
          writer.varint(message.term)
          writer.varint(message.index)
          writer.varint(message.snapshotTerm)
          writer.varint(message.size)
          writer.string(message.digest)
          writer.varint(message.offset)
          return writer.blob(message.data)
        case "SnapshotReceived":
          writer.u8(8)
          writer.varint(message.term)
          writer.varint(message.index)
          return writer.varint(message.offset)
        case "Forward":
          writer.u8(9)
          writer.varint(message.id)
          return request.encode(message.request, writer)
        case "Forwarded":
          writer.u8(10)
          writer.varint(message.id)
          return reply.encode(message.reply, writer)
      }
    },
    decode: (reader) => {
      const kind = reader.u8()
      if (kind === 9) return { _tag: "Forward", id: readId(reader), request: request.decode(reader) }
      if (kind === 10) return { _tag: "Forwarded", id: readId(reader), reply: reply.decode(reader) }
      const term = reader.varint()
      switch (kind) {
        case 0:
          return {
            _tag: "RequestVote",
            term,
            lastIndex: reader.varint(),
            lastTerm: reader.varint(),
            preVote: reader.boolean()
          }
        case 1:
          return { _tag: "Vote", term, granted: reader.boolean(), preVote: reader.boolean() }
        case 2: {
          const prevIndex = reader.varint()
          const prevTerm = reader.varint()
          const commit = reader.varint()
          return { _tag: "Append", term, prevIndex, prevTerm, entries: readEntries(entry, reader), commit }
        }
        case 3:
          return { _tag: "Appended", term, match: reader.varint() }
        case 4:
          return {
            _tag: "Rejected",
            term,
            prevIndex: reader.varint(),
            hintIndex: reader.varint(),
            hintTerm: reader.varint()
          }
        case 5:
          return { _tag: "Heartbeat", term, commit: reader.varint(), position: reader.varint() }
        case 6:
          return { _tag: "Alive", term, position: reader.varint() }
        case 7:
          return {
            _tag: "SnapshotChunk",
            term,
            index: reader.varint(),
            snapshotTerm: reader.varint(),
            size: reader.varint(),
            digest: reader.string(),
            offset: reader.varint(),
            data: reader.blob()
          }
        case 8:
          return { _tag: "SnapshotReceived", term, index: reader.varint(), offset: reader.varint() }
        default:
          return reader.fail(`no message of kind ${kind}`)
      }
    }
  }
}

const requestCodec = <C>(command: Codec<C>): Codec<Request<C>> => ({
  encode: (request, writer) => {
    switch (request._tag) {
      case "OpenSession":
        return writer.u8(0)
      case "Propose":
        writer.u8(1)
        writer.varint(request.session)
        writer.varint(request.sequence)
        writer.varint(request.lowest)
        return command.encode(request.command, writer)
      case "Read":
        return writer.u8(2)
    }
  },
  decode: (reader) => {
    const kind = reader.u8()
    switch (kind) {
      case 0:
        return { _tag: "OpenSession" }
      case 1:
        return {
          _tag: "Propose",
          session: reader.varint(),
          sequence: reader.varint(),
          lowest: reader.varint(),
          command: command.decode(reader)
        }
      case 2:
        return { _tag: "Read" }
      default:
        return reader.fail(`no request of kind ${kind}`)
    }
  }
})

const replyCodec = <R>(result: Codec<R>): Codec<Reply<R>> => ({
  encode: (reply, writer) => {
    switch (reply._tag) {
      case "SessionOpened":
        writer.u8(0)
        return writer.varint(reply.session)
      case "Applied":
        writer.u8(1)
        writer.varint(reply.index)
        return result.encode(reply.result, writer)
      case "SessionExpired":
        return writer.u8(2)
      case "SessionSuperseded":
        return writer.u8(3)
      case "Readable":
        writer.u8(4)
        return writer.varint(reply.index)
      case "NotLeader":
        writer.u8(5)
        return writeNode(reply.leader, writer)
      case "Overloaded":
        return writer.u8(6)
      case "LeadershipLost":
        return writer.u8(7)
    }
  },
  decode: (reader) => {
    const kind = reader.u8()
    switch (kind) {
      case 0:
        return { _tag: "SessionOpened", session: reader.varint() }
      case 1:
        return { _tag: "Applied", index: reader.varint(), result: result.decode(reader) }
      case 2:
        return { _tag: "SessionExpired" }
      case 3:
        return { _tag: "SessionSuperseded" }
      case 4:
        return { _tag: "Readable", index: reader.varint() }
      case 5:
        return { _tag: "NotLeader", leader: readNode(reader) }
      case 6:
        return { _tag: "Overloaded" }
      case 7:
        return { _tag: "LeadershipLost" }
      default:
        return reader.fail(`no reply of kind ${kind}`)
    }
  }
})

/** The parts of a snapshot's bytes that are written in one step. */
const snapshotStepBytes = 65_536

function* durableSteps<C>(
  entry: Codec<Entry<C>>,
  { log, snapshot, term, votedFor }: Durable<C>,
  writer: Writer
): Iterable<void> {
  writer.varint(term)
  writeNode(votedFor, writer)
  writer.boolean(snapshot !== undefined)
  if (snapshot !== undefined) {
    const { data } = snapshot
    writeSnapshotHead(snapshot, writer)
    for (let at = 0; at < data.length; at += snapshotStepBytes) {
      writer.raw(data.subarray(at, at + snapshotStepBytes))
      yield
    }
  }
  writer.varint(log.floor)
  writer.varint(log.floorTerm)
  writer.varint(log.length)
  for (const one of log.entries()) {
    entry.encode(one, writer)
    yield
  }
}

const writeEntries = <C>(entry: Codec<Entry<C>>, entries: ReadonlyArray<Entry<C>>, writer: Writer): void => {
  writer.varint(entries.length)
  for (const one of entries) entry.encode(one, writer)
}

const readEntries = <C>(entry: Codec<Entry<C>>, reader: Reader): ReadonlyArray<Entry<C>> => {
  const entries: Array<Entry<C>> = []
  for (let count = reader.count(); count > 0; count--) entries.push(entry.decode(reader))
  return entries
}

const writeSnapshot = (snapshot: Snapshot, writer: Writer): void => {
  writeSnapshotHead(snapshot, writer)
  writer.raw(snapshot.data)
}

const writeSnapshotHead = ({ data, index, term }: Snapshot, writer: Writer): void => {
  writer.varint(index)
  writer.varint(term)
  writer.varint(data.length)
}

const readSnapshot = (reader: Reader): Snapshot => ({
  index: reader.varint(),
  term: reader.varint(),
  data: reader.blob()
})

/** No node has the empty id. */
const writeNode = (node: NodeId | undefined, writer: Writer): void => writer.string(node ?? "")

const readNode = (reader: Reader): NodeId | undefined => {
  const node = reader.string()
  return node === "" ? undefined : isNodeId(node) ? node : reader.fail("no node id")
}

const readId = (reader: Reader): RequestId => {
  const id = reader.varint()
  return requestId(Math.floor(id / 0x100000000), id % 0x100000000)
}
