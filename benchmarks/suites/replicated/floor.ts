/**
 * The floor's client: one socket to the fixed leader.
 */
import { rmSync } from "node:fs"
import { connect as dial } from "node:net"
import { join } from "node:path"
import { temporaryFolder } from "../../harness/Machine.js"
import type { Client } from "./Client.js"
import { encodeRequest, frameWriter, get, onFrames, put } from "./frames.js"
import { forkMember, freePorts } from "./processes.js"

export const connect = async (): Promise<Client> => {
  const folder = temporaryFolder("floor")
  const [leader, ...followers] = (await freePorts(3)).map(String)
  const program = new URL("floorMember.js", import.meta.url)
  const members = await Promise.all(
    followers.map((port) => forkMember(program, ["follower", join(folder, `log-${port}`), port]))
  )
  members.push(await forkMember(program, ["leader", join(folder, "log"), leader!, ...followers]))
  const socket = dial({ host: "127.0.0.1", port: Number(leader), noDelay: true })
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject))
  const waiting = new Map<number, (value: string) => void>()
  onFrames(socket, (body) => {
    const id = body.readUInt32LE(0)
    waiting.get(id)?.(body.toString("latin1", 4))
    waiting.delete(id)
  })
  const send = frameWriter(socket)
  let ids = 0
  const ask = (kind: number, key: string, value: string, done: (value: string) => void): void => {
    const id = ids++
    waiting.set(id, done)
    send(encodeRequest(kind, id, key, value))
  }
  return {
    put: (key, value, done) => ask(put, key, value, () => done()),
    get: (key, done) => ask(get, key, "", (value) => done(undefined, value)),
    stop: async () => {
      socket.destroy()
      await Promise.all(members.map((member) => member.stop()))
      rmSync(folder, { recursive: true })
    }
  }
}
