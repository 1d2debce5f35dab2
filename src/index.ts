/**
 * Synod: write a distributed protocol once, as a pure state machine; run it, break it, prove it, with the same file.
 *
 * @since 0.1.0
 */

/** @since 0.1.0 */
export * as Actor from "./actor/Actor.js"
/** @since 0.1.0 */
export * as ActorError from "./actor/ActorError.js"
/** @since 0.1.0 */
export * as ActorRef from "./actor/ActorRef.js"
/** @since 0.1.0 */
export * as ActorSystem from "./actor/ActorSystem.js"
/** @since 0.1.0 */
export * as DeadLetters from "./actor/DeadLetters.js"
/** @since 0.1.0 */
export * as DeathWatch from "./actor/DeathWatch.js"
/** @since 0.1.0 */
export * as Dispatcher from "./actor/Dispatcher.js"
/** @since 0.1.0 */
export * as Mailbox from "./actor/Mailbox.js"
/** @since 0.1.0 */
export * as Self from "./actor/Self.js"
/** @since 0.1.0 */
export * as Supervision from "./actor/Supervision.js"
/** @since 0.1.0 */
export * as Checker from "./checker/Checker.js"
/** @since 0.1.0 */
export * as Causal from "./consistency/Causal.js"
/** @since 0.1.0 */
export * as CheckFile from "./consistency/CheckFile.js"
/** @since 0.1.0 */
export * as Collections from "./consistency/Collections.js"
/** @since 0.1.0 */
export * as Consistency from "./consistency/Consistency.js"
/** @since 0.1.0 */
export * as Eventual from "./consistency/Eventual.js"
/** @since 0.1.0 */
export * as History from "./consistency/History.js"
/** @since 0.1.0 */
export * as Linearizability from "./consistency/Linearizability.js"
/** @since 0.1.0 */
export * as Locks from "./consistency/Locks.js"
/** @since 0.1.0 */
export * as Sequential from "./consistency/Sequential.js"
/** @since 0.1.0 */
export * as SessionGuarantees from "./consistency/SessionGuarantees.js"
/** @since 0.1.0 */
export * as Specification from "./consistency/Specification.js"
/** @since 0.1.0 */
export * as Transactions from "./consistency/Transactions.js"
/** @since 0.1.0 */
export * as Verdict from "./consistency/Verdict.js"
/** @since 0.1.0 */
export * as Canonical from "./core/Canonical.js"
/** @since 0.1.0 */
export * as Choice from "./core/Choice.js"
/** @since 0.1.0 */
export * as Exhaustive from "./core/Exhaustive.js"
/** @since 0.1.0 */
export * as Gate from "./core/Gate.js"
/** @since 0.1.0 */
export * as Log from "./core/Log.js"
/** @since 0.1.0 */
export * as NodeId from "./core/NodeId.js"
/** @since 0.1.0 */
export * as Prng from "./core/Prng.js"
/** @since 0.1.0 */
export * as Protocol from "./core/Protocol.js"
/** @since 0.1.0 */
export * as Quorum from "./core/Quorum.js"
/** @since 0.1.0 */
export * as Tape from "./core/Tape.js"
/** @since 0.1.0 */
export * as ActionTrace from "./explorer/ActionTrace.js"
/** @since 0.1.0 */
export * as TraceDifference from "./explorer/Difference.js"
/** @since 0.1.0 */
export * as Explorer from "./explorer/Explorer.js"
/** @since 0.1.0 */
export * as TraceFormat from "./explorer/Format.js"
/** @since 0.1.0 */
export * as TraceHtml from "./explorer/Html.js"
/** @since 0.1.0 */
export * as TraceItf from "./explorer/Itf.js"
/** @since 0.1.0 */
export * as TraceMermaid from "./explorer/Mermaid.js"
/** @since 0.1.0 */
export * as TraceOperations from "./explorer/Operations.js"
/** @since 0.1.0 */
export * as TraceShiViz from "./explorer/ShiViz.js"
/** @since 0.1.0 */
export * as SystemTrace from "./explorer/SystemTrace.js"
/** @since 0.1.0 */
export * as TraceText from "./explorer/Text.js"
/** @since 0.1.0 */
export * as Trace from "./explorer/Trace.js"
/** @since 0.1.0 */
export * as TraceValue from "./explorer/Value.js"
/** @since 0.1.0 */
export * as ActionModel from "./model/ActionModel.js"
/** @since 0.1.0 */
export * as Adversary from "./model/Adversary.js"
/** @since 0.1.0 */
export * as Catalog from "./model/Catalog.js"
/** @since 0.1.0 */
export * as ClientHistory from "./model/ClientHistory.js"
/** @since 0.1.0 */
export * as SystemEvent from "./model/Event.js"
/** @since 0.1.0 */
export * as Fairness from "./model/Fairness.js"
/** @since 0.1.0 */
export * as Formula from "./model/Formula.js"
/** @since 0.1.0 */
export * as NetworkModel from "./model/NetworkModel.js"
/** @since 0.1.0 */
export * as Partition from "./model/Partition.js"
/** @since 0.1.0 */
export * as Property from "./model/Property.js"
/** @since 0.1.0 */
export * as Symmetry from "./model/Symmetry.js"
/** @since 0.1.0 */
export * as SystemModel from "./model/SystemModel.js"
/** @since 0.1.0 */
export * as TimeModel from "./model/TimeModel.js"
/** @since 0.1.0 */
export * as Transitions from "./model/Transitions.js"
/** @since 0.1.0 */
export * as Workload from "./model/Workload.js"
/** @since 0.1.0 */
export * as Codec from "./network/Codec.js"
/** @since 0.1.0 */
export * as FaultInjection from "./network/FaultInjection.js"
/** @since 0.1.0 */
export * as Grudge from "./network/Grudge.js"
/** @since 0.1.0 */
export * as Network from "./network/Network.js"
/** @since 0.1.0 */
export * as ProtocolNode from "./node/ProtocolNode.js"
/** @since 0.1.0 */
export * as RaftProtocol from "./protocols/raft/index.js"
/** @since 0.1.0 */
export * as KeyValue from "./services/KeyValue.js"
/** @since 0.1.0 */
export * as Raft from "./services/Raft.js"
/** @since 0.1.0 */
export * as ReplicatedStateMachine from "./services/ReplicatedStateMachine.js"
/** @since 0.1.0 */
export * as Faults from "./simulation/Faults.js"
/** @since 0.1.0 */
export * as Recording from "./simulation/Recording.js"
/** @since 0.1.0 */
export * as Scenario from "./simulation/Scenario.js"
/** @since 0.1.0 */
export * as Shrink from "./simulation/Shrink.js"
/** @since 0.1.0 */
export * as Simulation from "./simulation/Simulation.js"
/** @since 0.1.0 */
export * as DiskFaults from "./storage/DiskFaults.js"
/** @since 0.1.0 */
export * as MemoryDisk from "./storage/MemoryDisk.js"
/** @since 0.1.0 */
export * as Storage from "./storage/Storage.js"
/** @since 0.1.0 */
export * as StorageError from "./storage/StorageError.js"
