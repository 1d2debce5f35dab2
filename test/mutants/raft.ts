/**
 * Known bugs of Raft implementations (`consensus.md`, section 8), each planted as one rule replaced, one wrapper around the protocol or one broken store, each
 * with a run of the simulator that shows it.
 */
import { Log } from "synod/core/Log"
import type { Outbox, Protocol } from "synod/core/Protocol"
import { machine } from "synod/protocols/key-value/KeyValue"
import type { Rules } from "synod/protocols/raft/Rules"
import { published } from "synod/protocols/raft/Rules"
import * as Sessions from "synod/protocols/raft/Sessions"
import type { FaultKind, FaultPlan } from "synod/simulation/Faults"
import type { Options, Vocabulary } from "synod/simulation/scenarios/RaftKeyValue"

/** A run of the scenario that shows a bug, and the property that it violates. */
interface Found
  extends Pick<Options, "nodes" | "clients" | "keys" | "maxEntriesPerMessage" | "snapshotEvery" | "snapshotTail">
{
  readonly faults: FaultKind
  /** Rates that make the story likely, where a swarm's draw would take thousands of seeds. */
  readonly plan?: Partial<FaultPlan>
  readonly seed: number
  readonly property: string
}

export interface Mutant {
  readonly name: string
  readonly bug: string
  readonly plant: Pick<Options, "rules" | "wrap" | "machine">
  /** What is legal of the plant, and stays in the run that must pass. */
  readonly control?: Mutant["plant"]
  readonly found: Found
}

type Message = Vocabulary["message"]
type Out = Outbox<Vocabulary>

const rules = (replaced: Partial<Rules>): Mutant["plant"] => ({ rules: { ...published, ...replaced } })

/** An outbox whose messages of one kind pass the gate. */
const ungated = (out: Out, tag: Message["_tag"]): Out => ({
  now: out.now,
  persist: (record) => out.persist(record),
  setTimer: (timer, min, max) => out.setTimer(timer, min, max),
  cancelTimer: (timer) => out.cancelTimer(timer),
  reply: (id, reply) => out.reply(id, reply),
  emit: (event) => out.emit(event),
  choose: (n, label) => out.choose(n, label),
  send: (to, message) => message._tag === tag ? out.now.send(to, message) : out.send(to, message)
})

const hasty = (tag: Message["_tag"]): Mutant["plant"] => ({
  wrap: (protocol) => ({
    ...protocol,
    onMessage: (state, from, message, out) => protocol.onMessage(state, from, message, ungated(out, tag)),
    onTimer: (state, timer, out) => protocol.onTimer?.(state, timer, ungated(out, tag)) ?? state
  })
})

/** What a node hears is something else than was said. */
const mishears = (hear: (state: Vocabulary["state"], message: Message) => Message): Mutant["plant"] => ({
  wrap: (protocol: Protocol<Vocabulary>): Protocol<Vocabulary> => ({
    ...protocol,
    onMessage: (state, from, message, out) => protocol.onMessage(state, from, hear(state, message), out)
  })
})

/** Followers whose rejections hint at nothing, so that a leader starts from the beginning: slow, and legal. */
const hintless = mishears((_, message) =>
  message._tag === "Rejected" ? { ...message, hintIndex: 0, hintTerm: 0 } : message
)

const all = (seed: number, property: string): Found => ({ nodes: 5, faults: "all", seed, property })

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "R1-old-term-commit",
    bug: "an entry of an older term is committed by counting (figure 8 of the paper)",
    plant: rules({
      leaderCommit: (quorum, ack, _termAt, _term, commit) =>
        Math.max(commit, published.leaderCommit(quorum, ack, () => 0, 0, commit))
    }),
    found: {
      nodes: 3,
      maxEntriesPerMessage: 1,
      faults: "all",
      plan: { drop: 0.3, tornFlush: 0.02, killLeader: 0.5, slowDisk: 0.1 },
      seed: 57,
      property: "ElectableHasCommitted"
    }
  },
  {
    name: "R2-hasty-vote",
    bug: "a vote leaves before it is on the disk",
    plant: hasty("Vote"),
    found: all(1, "PromisesAreDurable")
  },
  {
    name: "R3-hasty-candidate",
    bug: "a candidate asks before its own vote is on the disk",
    plant: hasty("RequestVote"),
    found: all(1, "PromisesAreDurable")
  },
  {
    name: "R4-votes-twice",
    bug: "a second vote in one term",
    plant: rules({ mayVote: () => true }),
    found: all(1, "MonotonicVote")
  },
  {
    name: "R5-own-undurable",
    bug: "the leader counts entries that are not on its disk",
    plant: rules({ ownMatch: (_durable, _term, log) => log.last }),
    found: all(2, "CommittedIsDurableInv")
  },
  {
    name: "R6-early-ack",
    bug: "a follower acknowledges what is not on its disk",
    plant: rules({ durableMatch: (_durable, _log, match) => match }),
    found: all(1, "PromisesAreDurable")
  },
  {
    name: "R9-fresh-leader-read",
    bug: "a fresh leader reads before its no-op is committed",
    plant: rules({ readIndex: (commit) => commit }),
    found: all(3, "ReadIndexFresh")
  },
  {
    name: "R10-unconfirmed-read",
    bug: "a read is served before a quorum confirmed the leader",
    plant: rules({ confirmed: () => Infinity }),
    found: { nodes: 5, clients: 12, keys: 1, faults: "network", seed: 33, property: "ReadIndexFresh" }
  },
  {
    name: "R11-reused-position",
    bug: "a late answer confirms reads that were asked after it left",
    plant: mishears(({ role }, message) =>
      message._tag === "Alive" && role._tag === "Leader" ? { ...message, position: role.reads.last } : message
    ),
    found: {
      nodes: 3,
      clients: 12,
      keys: 1,
      faults: "all",
      plan: { slowLink: 0.05, partition: 1, skew: 1 },
      seed: 81,
      property: "ReadIndexFresh"
    }
  },
  {
    name: "R20-keeps-trailing-log",
    bug: "the log behind an installed snapshot is kept although it does not match",
    plant: rules({
      fold: (durable, record) =>
        record._tag === "Snapshot" && durable.log.last >= record.snapshot.index &&
          durable.log.floor < record.snapshot.index
          ? {
            ...durable,
            log: durable.log.compactTo(Math.max(durable.log.floor, record.floor)),
            snapshot: record.snapshot
          }
          : published.fold(durable, record)
    }),
    found: { nodes: 3, clients: 16, faults: "all", snapshotEvery: 5, snapshotTail: 0, seed: 28, property: "LogInv" }
  },
  {
    name: "R21-truncates-always",
    bug: "every append cuts the log, so a delayed short one loses what came after",
    plant: rules({ firstNew: () => 0 }),
    found: all(1, "HandlersAreTotal")
  },
  {
    name: "R23-prev-term-unchecked",
    bug: "an append is accepted whatever the term before it",
    plant: rules({ matches: (log, prevIndex) => prevIndex <= log.last }),
    found: {
      nodes: 3,
      clients: 16,
      faults: "all",
      snapshotEvery: 5,
      snapshotTail: 0,
      seed: 28,
      property: "LogMatchingInv"
    }
  },
  {
    name: "R24-commits-uncovered",
    bug: "a follower commits what the leader committed, beyond what the message vouches for",
    plant: { ...rules({ followerCommit: (commit, leaderCommit) => Math.max(commit, leaderCommit) }), ...hintless },
    control: hintless,
    found: { nodes: 5, clients: 12, keys: 1, faults: "network", seed: 36, property: "LogInv" }
  },
  {
    name: "R25-raw-heartbeat-commit",
    bug: "a heartbeat carries the leader's commit, not what the peer holds",
    plant: rules({ heartbeatCommit: (commit) => commit }),
    found: all(4, "LogInv")
  },
  {
    name: "R26-below-quorum",
    bug: "the leader commits what any one node holds",
    plant: rules({
      leaderCommit: (quorum, ack, termAt, term, commit) => {
        const voters = quorum._tag === "Threshold" ? quorum.voters : []
        const index = Math.max(...voters.map(ack))
        return index > commit && termAt(index) === term ? index : commit
      }
    }),
    found: all(1, "ElectableHasCommitted")
  },
  {
    name: "R27-other-leaders-acks",
    bug: "a leader counts acknowledgements of an earlier leadership",
    plant: mishears((state, message) =>
      message._tag === "Appended" && message.term < state.durable.term
        ? { ...message, term: state.durable.term }
        : message
    ),
    found: {
      nodes: 3,
      clients: 8,
      faults: "all",
      plan: { slowLink: 0.1, killLeader: 1, slowDisk: 0.5, tornFlush: 0.02 },
      seed: 155,
      property: "CommittedIsDurableInv"
    }
  },
  {
    name: "R29-no-up-to-date-check",
    bug: "a vote is granted to a candidate whose log is behind",
    plant: rules({ isUpToDate: () => true }),
    found: all(2, "ElectableHasCommitted")
  },
  {
    name: "R29-index-before-term",
    bug: "logs are compared by their length first, and only then by the term of their end",
    plant: rules({
      isUpToDate: (log, { lastIndex, lastTerm }) =>
        lastIndex > log.last || (lastIndex === log.last && lastTerm >= log.lastTerm)
    }),
    found: { nodes: 3, faults: "all", seed: 143, property: "MoreUpToDateCorrectInv" }
  },
  {
    name: "R32-minority-elects",
    bug: "one vote less than a majority elects",
    plant: rules({
      tally: (quorum, votes) => {
        const granted = [...votes.values()].filter((vote) => vote).length
        return granted >= Math.floor((quorum._tag === "Threshold" ? quorum.voters.length : 0) / 2)
          ? "Won"
          : published.tally(quorum, votes)
      }
    }),
    found: all(1, "MoreUpToDateCorrectInv")
  },
  {
    name: "R36-log-lost-on-term-change",
    bug: "what was appended is forgotten when the term changes",
    plant: rules({
      fold: (durable, record) =>
        record._tag === "Term" && record.votedFor === undefined && durable.log.floor === 0
          ? { ...published.fold(durable, record), log: Log.empty() }
          : published.fold(durable, record)
    }),
    found: all(8, "StateOrdering")
  },
  {
    name: "R41-sessions-not-in-snapshot",
    bug: "a snapshot forgets the sessions, so a retry after it executes again or is refused",
    plant: { machine: { ...machine, decode: (bytes) => ({ ...machine.decode(bytes), sessions: Sessions.empty }) } },
    found: all(1, "Linearizability")
  }
]
