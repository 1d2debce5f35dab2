/**
 * What a node's status and counters are called in Prometheus.
 *
 * @since 0.1.0
 */
import process from "node:process"
import type { NetworkStats } from "../../network/Network.js"
import type { Stats, Status } from "../../services/ReplicatedStateMachine.js"
import type { Family } from "./prometheus.js"
import { single } from "./prometheus.js"

/** Every metric of a node, its HTTP door apart. */
export const nodeFamilies = (status: Status, stats: Stats, network: NetworkStats): ReadonlyArray<Family> => {
  const { external, heapUsed, rss } = process.memoryUsage()
  const cpu = process.cpuUsage()
  return [
    {
      name: "synod_role",
      help: "1 for the role that the node has.",
      type: "gauge",
      samples: roles.map((role) => ({ labels: { role }, value: role === status.role ? 1 : 0 }))
    },
    single("gauge", "synod_has_leader", "Whether the node knows a leader.", status.leader === undefined ? 0 : 1),
    single("gauge", "synod_term", "The node's term.", status.term),
    single(
      "gauge",
      "synod_commit_index",
      "The last log entry that the node knows to be committed.",
      status.commitIndex
    ),
    single("gauge", "synod_applied_index", "The last log entry that the node applied.", status.applied),
    single("gauge", "synod_members", "Members of the cluster.", status.members.length),
    {
      name: "synod_peer_lag_entries",
      help: "Log entries that a peer is behind; known to the leader alone.",
      type: "gauge",
      samples: status.peers.map(({ lag, node }) => ({ labels: { peer: node }, value: lag }))
    },
    single("gauge", "synod_incarnation", "Starts of the node on its storage.", status.incarnation),
    single("counter", "synod_restarts_total", "Crashes that supervision answered with a restart.", stats.restarts),
    single("counter", "synod_steps_total", "Steps of the protocol.", stats.steps),
    single("counter", "synod_batches_total", "Batches of steps.", stats.batches),
    single("counter", "synod_journal_frames_total", "Frames written to the journal.", stats.frames),
    single("counter", "synod_checkpoints_total", "Checkpoints of the journal.", stats.checkpoints),
    single("counter", "synod_proposals_total", "Commands that were proposed at this node.", stats.proposals),
    single("counter", "synod_proposal_entries_total", "Log entries that carried those commands.", stats.entries),
    single("counter", "synod_proposal_retries_total", "Proposals that were sent again.", stats.retries),
    single("counter", "synod_dropped_replies_total", "Replies that nobody waited for any more.", stats.droppedReplies),
    single("gauge", "synod_pending_proposals", "Commands that wait for their outcome.", stats.pending),
    single("counter", "synod_network_messages_sent_total", "Messages sent to peers.", network.sent),
    single("counter", "synod_network_messages_received_total", "Messages received from peers.", network.received),
    single("counter", "synod_network_bytes_sent_total", "Bytes sent to peers.", network.bytesSent),
    single("counter", "synod_network_bytes_received_total", "Bytes received from peers.", network.bytesReceived),
    single("gauge", "synod_network_connections", "Open connections with peers, both directions.", network.connections),
    {
      name: "synod_network_dropped_total",
      help: "Messages, frames and connections given up, by reason.",
      type: "counter",
      samples: Object.entries(network.dropped).map(([reason, value]) => ({ labels: { reason }, value }))
    },
    single("gauge", "process_resident_memory_bytes", "Resident memory.", rss),
    single("gauge", "nodejs_heap_used_bytes", "Heap in use.", heapUsed),
    single("gauge", "nodejs_external_memory_bytes", "Memory outside of the heap.", external),
    single("counter", "process_cpu_seconds_total", "CPU time.", (cpu.user + cpu.system) / 1e6)
  ]
}

const roles: ReadonlyArray<Status["role"]> = ["leader", "candidate", "follower", "restarting", "stopped"]
