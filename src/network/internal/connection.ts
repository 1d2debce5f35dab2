/**
 * One socket, from its first byte to its last: the handshake under a time limit, then the frames of a session. Whatever is wrong with the bytes is
 * counted, logged once and ends this connection only.
 */
import type * as Net from "node:net"
import type { NodeId } from "../../core/NodeId.js"
import { CodecError } from "../Bytes.js"
import type { DropReason, TcpLimits } from "../Network.js"
import { frame, FrameError, FrameParser } from "./frame.js"
import { maxHandshakeBytes, type Step } from "./handshake.js"
import type { Ledger } from "./ledger.js"

/** What an authenticated connection does with a frame. False ends the connection. */
export type OnFrame = (data: Uint8Array, start: number, end: number) => boolean

export interface Conversation {
  readonly limits: TcpLimits
  readonly ledger: Ledger
  /** Who the other side is as far as we know: a peer that we dialled, or "unknown". */
  readonly peer: string
  readonly step: (bytes: Uint8Array) => Step
  readonly onEstablished: (peer: NodeId) => OnFrame
  readonly onClose: (wasEstablished: boolean) => void
  /** Whether some endpoint has paused. */
  readonly isPaused: () => boolean
  readonly isClosing: () => boolean
}

export const converse = (socket: Net.Socket, conversation: Conversation): void => {
  const { ledger, limits } = conversation
  const parser = new FrameParser(Math.min(maxHandshakeBytes, limits.maxFrameBytes))
  let peer = conversation.peer
  let session: OnFrame | undefined
  let hasSpoken = false
  let isRefused = false
  let readThisTurn = 0

  const refuse = (reason: DropReason, detail?: string): false => {
    isRefused = true
    ledger.refuse(peer, reason, detail)
    return false
  }

  const timer = setTimeout(() => {
    refuse("handshake-timeout")
    socket.destroy()
  }, limits.handshakeTimeoutMillis)

  const onStep = (step: Step): boolean => {
    if (step._tag === "Refused") {
      peer = step.peer
      refuse(step.reason)
      if (step.reply !== undefined) socket.end(frame(step.reply), () => socket.destroy())
      return false
    }
    if (step.reply !== undefined) socket.write(frame(step.reply))
    if (step._tag === "Done") {
      clearTimeout(timer)
      peer = step.peer
      parser.maxFrameBytes = limits.maxFrameBytes
      ledger.connections++
      session = conversation.onEstablished(step.peer)
    }
    return true
  }

  const onFrame: OnFrame = (data, start, end) =>
    session !== undefined ? session(data, start, end) : onStep(conversation.step(data.subarray(start, end)))

  const nextTurn = (): void => {
    readThisTurn = 0
    if (!socket.destroyed && socket.isPaused() && !conversation.isPaused()) socket.resume()
  }

  const stop = (): void => {
    if (!socket.writableEnded) socket.destroy()
  }

  let isLive = true
  socket.on("data", (chunk: Uint8Array) => {
    if (!isLive) return
    hasSpoken = true
    if (readThisTurn === 0) setImmediate(nextTurn)
    readThisTurn += chunk.length
    if (session !== undefined) ledger.bytesReceived += chunk.length
    try {
      parser.push(chunk, (data, start, end) => {
        isLive = onFrame(data, start, end)
        return isLive
      })
    } catch (error) {
      isLive = false
      if (error instanceof FrameError) refuse(error.reason, error.message)
      else refuse("malformed", error instanceof CodecError ? error.message : String(error))
    }
    if (!isLive) stop()
    else if (readThisTurn > limits.maxReadBytesPerTurn || (session !== undefined && conversation.isPaused())) {
      socket.pause()
    }
  })
  socket.on("error", () => {}) // "close" follows and says all that matters
  socket.on("close", () => {
    clearTimeout(timer)
    isLive = false
    if (session !== undefined) ledger.connections--
    else if (hasSpoken && !isRefused && !conversation.isClosing()) refuse("handshake-aborted")
    conversation.onClose(session !== undefined)
  })
}
