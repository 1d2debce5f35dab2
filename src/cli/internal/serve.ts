/**
 * A member with its HTTP side, from its start to the signal that stops it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { NetworkListenError } from "../../network/Network.js"
import type { StartError } from "../../services/ReplicatedStateMachine.js"
import { BadInput, CheckFailed } from "../Errors.js"
import { printNote } from "../Output.js"
import { cannotListen, formatAddress } from "./address.js"
import * as Member from "./member.js"
import type { NodeConfig } from "./nodeConfig.js"
import * as Server from "./server.js"
import { stopSignal } from "./signals.js"

/** Runs a member until a signal stops it, or its disk. */
export const serve = (config: NodeConfig): Effect.Effect<void, BadInput | CheckFailed, Scope.Scope> =>
  Effect.gen(function*() {
    const member = yield* Effect.mapError(Member.make(config), (error) => refusal(config, error))
    const server = yield* Server.make({
      listen: config.http,
      algorithm: config.algorithm,
      store: member.store,
      network: member.network,
      maxValueBytes: config.maxValueBytes,
      maxInFlight: config.maxInFlight
    })
    const peers = Object.keys(config.peers).length
    printNote(
      `synod: ${config.id}, one of ${peers}, listens on ${formatAddress(config.listen)}; ` +
        `HTTP on http://${formatAddress(server.address)}; data in ${config.data}`
    )
    yield* Effect.forkScoped(logLeaders(member))
    const signal = yield* Effect.raceFirst(stopSignal, stopped(member))
    printNote(`synod: ${signal}: ${config.id} answers what is in flight, and stops`)
    yield* server.drain
  })

/** Who leads, in the log of every member, for those who read it after the fact. */
const logLeaders = ({ store }: Member.Member): Effect.Effect<void> =>
  store.replica.statusChanges.pipe(
    Stream.filter(({ leader }) => leader !== undefined),
    Stream.map(({ leader, node, term }) => `${node}: ${leader} leads term ${term}`),
    Stream.changes,
    Stream.runForEach(Effect.logInfo)
  )

/** A node whose disk failed serves no more. */
const stopped = ({ failure, store }: Member.Member): Effect.Effect<never, BadInput | CheckFailed> =>
  store.replica.statusChanges.pipe(
    Stream.filter(({ role }) => role === "stopped"),
    Stream.take(1),
    Stream.runDrain,
    Effect.flatMap(() =>
      Effect.fail(
        failure.error === undefined
          ? new CheckFailed({ message: "the node has stopped, and its log says why" })
          : new BadInput({ message: `--data: ${failure.error.message}` })
      )
    )
  )

/** Why a member did not start, by the option that must change. */
const refusal = (config: NodeConfig, error: StartError | NetworkListenError): BadInput => {
  switch (error._tag) {
    case "NetworkListenError":
      return new BadInput({ message: cannotListen("listen", config.listen, error.code) })
    case "StorageCorrupt":
    case "StorageForeign":
    case "StorageLocked":
    case "StorageFailed":
      return new BadInput({ message: `--data: ${error.message}` })
    default:
      return new BadInput({ message: error.message })
  }
}
