/**
 * The models after published ones: each file opens with what it guarantees, where it comes from and its counts, and ends with its entry.
 */
import { abdRegisterEntry } from "./AbdRegister.js"
import { alternatingBitEntry } from "./AlternatingBit.js"
import { changRobertsEntry } from "./ChangRoberts.js"
import { echoEntry } from "./Echo.js"
import type { Entry } from "./Entry.js"
import { ewd840Entries } from "./Ewd840.js"
import { fastPaxosEntries } from "./FastPaxos.js"
import { incrementEntries } from "./Increment.js"
import { linearEquationEntry } from "./LinearEquation.js"
import { multiPaxosSmrEntry } from "./MultiPaxosSmr.js"
import { petersonEntry } from "./Peterson.js"
import { singleCopyRegisterEntry } from "./SingleCopyRegister.js"
import { singleDecreePaxosEntry } from "./SingleDecreePaxos.js"
import { spanTreeEntry } from "./SpanTree.js"
import { synodEntry } from "./Synod.js"
import { transactionCommitEntry } from "./TransactionCommit.js"
import { twoPhaseCommitEntry } from "./TwoPhaseCommit.js"
import { vanlightlyRaftEntry } from "./VanlightlyRaft.js"
import { votingEntries } from "./Voting.js"

export const models: ReadonlyArray<Entry> = [
  twoPhaseCommitEntry,
  transactionCommitEntry,
  singleDecreePaxosEntry,
  synodEntry,
  ...votingEntries,
  ...fastPaxosEntries,
  multiPaxosSmrEntry,
  vanlightlyRaftEntry,
  abdRegisterEntry,
  singleCopyRegisterEntry,
  ...incrementEntries,
  petersonEntry,
  changRobertsEntry,
  ...ewd840Entries,
  alternatingBitEntry,
  echoEntry,
  spanTreeEntry,
  linearEquationEntry
]
