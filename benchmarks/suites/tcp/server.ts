/**
 * The receiving process. usage: node server.js STACK SERVER_PORT CLIENT_PORT
 * Folds one-way entries into a hash, acknowledges every `ackEvery` and sends the hash after the last; sends echoes back.
 */
import process from "node:process"
import { ack, echo, type Entry, entry, firstIndex, fold, hello, lastOneWay } from "./Entry.js"
import type { Link } from "./Link.js"
import { stacks } from "./stacks.js"
import { ackEvery } from "./workload.js"

const [name, server, client] = process.argv.slice(2)
const stack = stacks.find((stack) => stack.name === name)
if (stack === undefined) throw new Error(`no stack ${name}`)

let link: Link | undefined
let count = 0
let hash = 0

const onEntry = (received: Entry): void => {
  if (received.term === echo || received.term === hello) {
    link?.send(received)
    return
  }
  hash = fold(hash, received)
  count++
  if (received.term === lastOneWay) {
    // the hash travels as an index, which is not negative
    link?.send({ ...entry(lastOneWay, 0), index: hash >>> 0 })
    count = 0
    hash = 0
  } else if (count % ackEvery === 0) link?.send({ ...entry(ack, 0), index: firstIndex + count })
}

stack.serve({ server: Number(server), client: Number(client) }, onEntry).then((served) => {
  link = served
  process.send?.("listening")
})

// the worker closes the channel when it ends
process.on("disconnect", () => process.exit(0))
