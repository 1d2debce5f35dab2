/** The open counts, as rows of the catalogue's models and parameters. */
import fs from "node:fs"
import { check, checkSystem } from "synod/checker/Checker"
import * as Catalog from "synod/model/Catalog"

export const corpus = new URL("../../../shared/corpora/state-counts/open-counts.json", import.meta.url)

type Parameters = { readonly [name: string]: unknown }

interface Published {
  readonly model: string
  readonly parameters: Parameters
  readonly distinct: number
  readonly generated: number | null
  readonly depth: number | null
  readonly note?: string
}

interface Row {
  readonly model: string
  readonly parameters: NonNullable<Catalog.Request["parameters"]>
  readonly symmetry: boolean
  readonly distinct: number
  readonly generated: number | null
  readonly depth: number | null
}

const networks: { readonly [name: string]: string } = {
  unordered_nonduplicating: "unordered",
  unordered_duplicating: "duplicating",
  ordered: "ordered"
}

const consensus = ({ acceptors, ballots, values }: Parameters) => ({
  acceptors: Number(acceptors),
  values: Number(values),
  "max-ballot": Number(String(ballots).split("..")[1])
})

const replicas = ({ ballots, replicas, values }: Parameters) => ({
  replicas: Number(replicas),
  values: Number(values),
  "max-ballot": Number(String(ballots).split("..")[1])
})

const registers = ({ clients, network, servers }: Parameters) => ({
  clients: Number(clients),
  servers: Number(servers),
  network: networks[String(network)]
})

const managers = ({ resourceManagers, RM }: Parameters) => ({ "resource-managers": Number(resourceManagers ?? RM) })
const threads = (of: Parameters) => ({ threads: Number(of["threads"]) })
const nodes = ({ N, nodes }: Parameters) => ({ nodes: Number(nodes ?? N) })

/** The catalogue's name of a published model, and its parameters of the published ones. */
const translations: {
  readonly [published: string]: readonly [model: string, parameters: (of: Parameters) => Row["parameters"]]
} = {
  "two-phase-commit": ["two-phase-commit", managers],
  TwoPhase: ["two-phase-commit", managers],
  TCommit: ["transaction-commit", managers],
  "single-decree-paxos": ["paxos", registers],
  "abd-register": ["linearizable-register", registers],
  "single-copy-register": ["single-copy-register", registers],
  increment: ["increment", threads],
  "increment-lock": ["increment-lock", threads],
  "Paxos (MCPaxos)": ["synod", consensus],
  "Paxos (MCPaxosTiny)": ["synod", consensus],
  Paxos: ["synod", consensus],
  "Voting (MCVoting)": ["voting", consensus],
  "Paxos (SimplifiedFastPaxos)": ["classic-paxos", replicas],
  FastPaxos: ["fast-paxos", replicas],
  "Raft (Vanlightly)": [
    "vanlightly-raft",
    ({ maxElections, maxRestarts, servers, values }) => ({
      servers: Number(servers),
      values: Number(values),
      "max-elections": Number(maxElections),
      "max-restarts": Number(maxRestarts)
    })
  ],
  "MultiPaxos-SMR small": [
    "multi-paxos-smr",
    ({ maxBallot, reads, replicas, writes }) => ({
      replicas: Number(replicas),
      writes: Number(writes),
      reads: Number(reads),
      "max-ballot": Number(maxBallot)
    })
  ],
  VoteProof: ["vote-proof", consensus],
  ChangRoberts: ["chang-roberts", nodes],
  Echo: ["echo", nodes],
  SpanTree: ["span-tree", (of) => ({ nodes: Number(of["nodes"]), "max-cardinality": Number(of["maxCardinality"]) })],
  EWD840: ["ewd840", nodes],
  SyncTerminationDetection: ["sync-termination-detection", nodes],
  "AlternatingBit (MCAlternatingBit)": [
    "alternating-bit",
    ({ data, msgQLen }) => ({ values: Number(data), queue: Number(msgQLen) })
  ],
  Peterson: ["peterson", () => ({})],
  "linear-equation": [
    "linear-equation",
    ({ a, b, c, mod }) => ({ a: Number(a), b: Number(b), c: Number(c), modulus: Number(mod) })
  ]
}

/**
 * Where our search does not agree with TLC's report, and why we think so (of these, only EWD840 also runs in the slow twin, which agrees with ours). TLC searched with several workers, and then may say a depth that is one more than the
 * longest shortest path. Of MultiPaxos-SMR the states and the depth are TLC's, and 94 of its 736,012 generated ones are not explained.
 */
const ours: { readonly [published: string]: Partial<Pick<Row, "depth" | "generated">> } = {
  VoteProof: { depth: 14 },
  EWD840: { depth: 9 },
  SpanTree: { depth: 5 },
  "MultiPaxos-SMR small": { generated: 735_918 }
}

/** Every published row of a model that the catalogue has, but for counts of searches that stopped at a discovery: they depend on the order of the search. */
export const rows = (): ReadonlyArray<Row> => {
  const published: ReadonlyArray<Published> = JSON.parse(fs.readFileSync(corpus, "utf8"))
  return published.flatMap(({ depth, distinct, generated, model, note, parameters }) => {
    const translation = translations[model]
    if (translation === undefined || note?.startsWith("stops on discovery") === true) return []
    const [name, translate] = translation
    const { symmetry } = parameters
    return [{
      model: name,
      parameters: translate(parameters),
      symmetry: symmetry !== undefined && symmetry !== false && model !== "Paxos (MCPaxos)", // of one acceptor and one value
      distinct,
      generated,
      depth,
      ...ours[model]
    }]
  })
}

/** What a full search counts, whatever the properties say. */
export const countsOf = (entry: Catalog.Entry, parameters: Row["parameters"], symmetry = false) =>
  Catalog.build(entry, { parameters }, {
    actions: (model) => brief(check({ ...model, properties: [] }, { symmetry })),
    system: (model) => brief(checkSystem({ ...model, properties: [] }))
  })

const brief = (report: {
  readonly distinctStates: number
  readonly generatedStates: number
  readonly depth: number
  readonly complete: boolean
}) => ({
  distinct: report.distinctStates,
  generated: report.generatedStates,
  depth: report.depth,
  complete: report.complete
})
