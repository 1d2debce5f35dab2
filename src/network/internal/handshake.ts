/**
 * The handshake: both sides prove that they know the cluster's secret, without sending it.
 *
 *   dialler  -> HELLO     version, cluster, from, to, nonce, mac("hello")
 *   listener -> CHALLENGE nonce, mac("listener")     or REFUSAL reason
 *   dialler  -> PROOF     mac("dialler")             then frames, from the dialler only
 *
 * Every mac is HMAC-SHA256 over a label and all bytes before it in both directions, so neither side's proof can be replayed to the other or in another run.
 * The HELLO's own mac only lets the listener tell a wrong secret at once. Non-goal: secrecy; after the handshake frames are not authenticated one by one.
 */
import { Buffer } from "node:buffer"
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { isNodeId, type NodeId } from "../../core/NodeId.js"
import { Reader, Writer } from "../Bytes.js"
import type { DropReason } from "../Network.js"

export const protocolVersion = 1

/** No handshake frame is longer. */
export const maxHandshakeBytes = 4_096

const magic = 0x53594e44 // "SYND"
const nonceBytes = 32
const macBytes = 32

const enum Kind {
  Hello = 1,
  Challenge,
  Proof,
  Refusal
}

const refusals = ["wrong-version", "wrong-cluster", "unknown-peer", "wrong-secret", "malformed"] as const
type Refusal = typeof refusals[number]

export interface Identity {
  readonly cluster: string
  readonly secret: string
  readonly node: NodeId
}

/** What a step of the handshake comes to: bytes to answer with, and whether it is over. */
export type Step =
  | { readonly _tag: "Continue"; readonly reply: Uint8Array }
  | { readonly _tag: "Done"; readonly reply: Uint8Array | undefined; readonly peer: NodeId }
  | {
    readonly _tag: "Refused"
    readonly reply: Uint8Array | undefined
    readonly reason: DropReason
    readonly peer: string
  }

const mac = (secret: string, label: string, ...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const hmac = createHmac("sha256", secret).update(`synod ${label}\0`)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

const isMac = (expected: Uint8Array, actual: Uint8Array): boolean =>
  expected.length === actual.length && timingSafeEqual(expected, actual)

const refusal = (reason: Refusal, peer: string, answer: boolean): Step => ({
  _tag: "Refused",
  reason,
  peer,
  reply: answer ? Uint8Array.of(Kind.Refusal, refusals.indexOf(reason)) : undefined
})

/** The dialler's side. `nonce` is a parameter for tests. */
export const dial = (self: Identity, to: NodeId, nonce: Uint8Array = randomBytes(nonceBytes)) => {
  const writer = new Writer()
  writer.u8(Kind.Hello)
  writer.u32(magic)
  writer.u16(protocolVersion)
  writer.string(self.cluster)
  writer.string(self.node)
  writer.string(to)
  writer.raw(nonce)
  writer.raw(mac(self.secret, "hello", writer.finish()))
  const hello = writer.finish()

  const onFrame = (bytes: Uint8Array): Step => {
    const reader = new Reader(bytes)
    const kind = reader.u8()
    if (kind === Kind.Refusal) return refusal(refusals[reader.u8()] ?? "malformed", to, false)
    if (kind !== Kind.Challenge || reader.remaining !== nonceBytes + macBytes) return refusal("malformed", to, false)
    const challenge = bytes.subarray(0, 1 + nonceBytes)
    if (!isMac(mac(self.secret, "listener", hello, challenge), bytes.subarray(1 + nonceBytes))) {
      return refusal("wrong-secret", to, false)
    }
    const proof = Buffer.concat([Uint8Array.of(Kind.Proof), mac(self.secret, "dialler", hello, bytes)])
    return { _tag: "Done", reply: proof, peer: to }
  }
  return { hello, onFrame }
}

/** The listener's side: first a HELLO, then a PROOF. Throws `CodecError` on bytes that are neither. */
export const accept = (
  self: Identity,
  isPeer: (node: NodeId) => boolean,
  nonce: Uint8Array = randomBytes(nonceBytes)
) => {
  let awaiting: { readonly peer: NodeId; readonly proof: Uint8Array } | undefined

  const onHello = (bytes: Uint8Array): Step => {
    const reader = new Reader(bytes)
    if (reader.u8() !== Kind.Hello || reader.u32() !== magic) return refusal("malformed", "unknown", false)
    if (reader.u16() !== protocolVersion) return refusal("wrong-version", "unknown", true)
    const cluster = reader.string()
    const from = reader.string()
    const to = reader.string()
    reader.raw(nonceBytes)
    const signed = reader.offset
    if (reader.remaining !== macBytes || !isNodeId(from)) return refusal("malformed", "unknown", true)
    if (cluster !== self.cluster) return refusal("wrong-cluster", "unknown", true)
    if (!isPeer(from) || to !== self.node) return refusal("unknown-peer", "unknown", true)
    if (!isMac(mac(self.secret, "hello", bytes.subarray(0, signed)), bytes.subarray(signed))) {
      return refusal("wrong-secret", from, true)
    }
    const challenge = Buffer.concat([Uint8Array.of(Kind.Challenge), nonce])
    const reply = Buffer.concat([challenge, mac(self.secret, "listener", bytes, challenge)])
    awaiting = { peer: from, proof: mac(self.secret, "dialler", bytes, reply) }
    return { _tag: "Continue", reply }
  }

  return {
    onFrame: (bytes: Uint8Array): Step => {
      if (awaiting === undefined) return onHello(bytes)
      if (bytes[0] !== Kind.Proof) return refusal("malformed", awaiting.peer, false)
      return isMac(awaiting.proof, bytes.subarray(1))
        ? { _tag: "Done", reply: undefined, peer: awaiting.peer }
        : refusal("wrong-secret", awaiting.peer, false)
    }
  }
}
