/**
 * The slow twin of the checkers below linearizability: the definitions, tried over all orders, for histories of at most a dozen reads and writes in
 * which each value is written once. Sets of operations are bit masks. Nothing here comes from src/.
 */
export interface Op {
  readonly session: number
  readonly key: number
  /** The value read (0: the initial one), or written. */
  readonly value: number
  readonly isWrite: boolean
}

/** For each operation, the operations that come before it. */
export type Relation = ReadonlyArray<number>

const everyOp = (ops: ReadonlyArray<Op>): number => (1 << ops.length) - 1
const has = (mask: number, i: number): boolean => (mask >>> i & 1) === 1

/** The order of each session; `ops` stand in it. */
const programOrder = (ops: ReadonlyArray<Op>): Relation =>
  ops.map((op, i) => ops.reduce((mask, other, j) => j < i && other.session === op.session ? mask | 1 << j : mask, 0))

/** The one write that a read can be of: undefined for the initial value, -1 where there is none. */
const sourceOf = (ops: ReadonlyArray<Op>, read: Op): number | undefined =>
  read.value === 0 ? undefined : ops.findIndex((w) => w.isWrite && w.key === read.key && w.value === read.value)

/** Is there an order of `members` that keeps `before` and gives each read in `judged` the latest write of its key? */
const someOrder = (ops: ReadonlyArray<Op>, members: number, before: Relation, judged: number): boolean => {
  const dead = new Set<string>()
  const place = (placed: number, latest: ReadonlyArray<number>): boolean => {
    if (placed === members) return true
    const key = `${placed} ${latest.join()}`
    if (dead.has(key)) return false
    for (let i = 0; i < ops.length; i++) {
      if (!has(members, i) || has(placed, i) || (before[i]! & members & ~placed) !== 0) continue
      const op = ops[i]!
      if (!op.isWrite && has(judged, i) && (latest[op.key] ?? 0) !== op.value) continue
      const next = op.isWrite ? Object.assign(latest.slice(), { [op.key]: op.value }) : latest
      if (place(placed | 1 << i, next)) return true
    }
    dead.add(key)
    return false
  }
  return place(0, [0, 0, 0])
}

const reads = (ops: ReadonlyArray<Op>): number => ops.reduce((mask, op, i) => op.isWrite ? mask : mask | 1 << i, 0)

export const isSequential = (ops: ReadonlyArray<Op>): boolean =>
  someOrder(ops, everyOp(ops), programOrder(ops), reads(ops))

/** Session order with reads-from, closed; undefined when it has a cycle, or when a read has no source. Any causal order that explains the reads has it. */
const causalOrder = (ops: ReadonlyArray<Op>): Relation | undefined => {
  const before = programOrder(ops).slice()
  for (let i = 0; i < ops.length; i++) {
    if (ops[i]!.isWrite) continue
    const source = sourceOf(ops, ops[i]!)
    if (source === -1) return undefined
    if (source !== undefined) before[i]! |= 1 << source
  }
  for (let k = 0; k < ops.length; k++) {
    for (let i = 0; i < ops.length; i++) if (has(before[i]!, k)) before[i]! |= before[k]!
  }
  return before.some((mask, i) => has(mask, i)) ? undefined : before
}

const holdsForAll = (ops: ReadonlyArray<Op>, holds: (i: number) => boolean): boolean => ops.every((_, i) => holds(i))

/** Axiom AxCausalValue: only the operation itself has to be right. */
export const isCausalBy = (ops: ReadonlyArray<Op>, co: Relation): boolean =>
  holdsForAll(ops, (i) => someOrder(ops, co[i]! | 1 << i, co, 1 << i))

/** Causal memory: the operation's whole session so far has to be right. */
export const isCausalMemoryBy = (ops: ReadonlyArray<Op>, co: Relation): boolean => {
  const po = programOrder(ops)
  return holdsForAll(ops, (i) => someOrder(ops, co[i]! | 1 << i, co, po[i]! | 1 << i))
}

/** Causal convergence: one order of all, in which each operation sees what is causally before it. */
export const isConvergentBy = (ops: ReadonlyArray<Op>, co: Relation): boolean => {
  const place = (placed: ReadonlyArray<number>, mask: number): boolean => {
    if (placed.length === ops.length) return true
    return ops.some((op, i) => {
      if (has(mask, i) || (co[i]! & ~mask) !== 0) return false
      if (!op.isWrite) {
        const latest = placed.findLast((j) => has(co[i]!, j) && ops[j]!.isWrite && ops[j]!.key === op.key)
        if ((latest === undefined ? 0 : ops[latest]!.value) !== op.value) return false
      }
      return place([...placed, i], mask | 1 << i)
    })
  }
  return place([], 0)
}

const byCausalOrder =
  (holds: (ops: ReadonlyArray<Op>, co: Relation) => boolean) => (ops: ReadonlyArray<Op>): boolean => {
    const co = causalOrder(ops)
    return co !== undefined && holds(ops, co)
  }

export const isCausal = byCausalOrder(isCausalBy)
export const isCausalMemory = byCausalOrder(isCausalMemoryBy)
export const isConvergent = byCausalOrder(isConvergentBy)

const everyReadHasSource = (ops: ReadonlyArray<Op>): boolean =>
  ops.every((op) => op.isWrite || sourceOf(ops, op) !== -1)

const sessionsOf = (ops: ReadonlyArray<Op>): ReadonlyArray<number> => [...new Set(ops.map(({ session }) => session))]

export const isPram = (ops: ReadonlyArray<Op>): boolean => {
  const po = programOrder(ops)
  const writes = everyOp(ops) & ~reads(ops)
  return everyReadHasSource(ops) && sessionsOf(ops).every((session) => {
    const own = ops.reduce((mask, op, i) => op.session === session ? mask | 1 << i : mask, 0)
    return someOrder(ops, writes | own, po, own)
  })
}

/**
 * A session guarantee: for each session and key some order of the key's versions, keeping `forced`, in which no version visible to a read is later
 * than the one that was read.
 */
const isGuaranteed = (
  ops: ReadonlyArray<Op>,
  forced: (earlier: number, later: number) => boolean,
  visible: (write: number, read: number) => boolean
): boolean => {
  const isWriteOf = (key: number) => (i: number) => ops[i]!.isWrite && ops[i]!.key === key
  const all = ops.map((_, i) => i)
  return everyReadHasSource(ops) &&
    sessionsOf(ops).every((session) =>
      [...new Set(ops.map(({ key }) => key))].every((key) => {
        const versions = all.filter(isWriteOf(key))
        const own = all.filter((i) => ops[i]!.session === session && !ops[i]!.isWrite && ops[i]!.key === key)
        return permutations(versions).some((order) =>
          order.every((later, at) => order.slice(at).every((earlier) => earlier === later || !forced(earlier, later)))
          && own.every((read) => {
            const source = sourceOf(ops, ops[read]!)
            const position = source === undefined ? -1 : order.indexOf(source)
            return order.every((write, at) => at <= position || !visible(write, read))
          })
        )
      })
    )
}

const permutations = (items: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  items.length === 0 ?
    [[]] :
    items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))

const precedes = (ops: ReadonlyArray<Op>) => (a: number, b: number): boolean =>
  a < b && ops[a]!.session === ops[b]!.session

export const readsYourWrites = (ops: ReadonlyArray<Op>): boolean => isGuaranteed(ops, precedes(ops), precedes(ops))

export const hasMonotonicReads = (ops: ReadonlyArray<Op>): boolean => {
  const po = precedes(ops)
  return isGuaranteed(
    ops,
    po,
    (write, read) => ops.some((op, i) => !op.isWrite && po(i, read) && sourceOf(ops, op) === write)
  )
}

/** Operations whose effect a session has met by its read: the source of this read or of an earlier one of the session. */
const met = (ops: ReadonlyArray<Op>, read: number): ReadonlyArray<number> =>
  ops.flatMap((op, i) => {
    const source = !op.isWrite && (i === read || precedes(ops)(i, read)) ? sourceOf(ops, op) : undefined
    return source === undefined ? [] : [source]
  })

export const hasMonotonicWrites = (ops: ReadonlyArray<Op>): boolean =>
  isGuaranteed(ops, precedes(ops), (write, read) => met(ops, read).some((other) => precedes(ops)(write, other)))

export const writesFollowReads = (ops: ReadonlyArray<Op>): boolean => {
  const po = precedes(ops)
  const follows = (earlier: number, later: number) =>
    ops.some((op, i) => !op.isWrite && po(i, later) && sourceOf(ops, op) === earlier)
  return isGuaranteed(
    ops,
    (earlier, later) => po(earlier, later) || follows(earlier, later),
    (write, read) => met(ops, read).some((other) => follows(write, other))
  )
}
