/**
 * Exactly-once client sessions (Ongaro's thesis, section 6.3): part of the replicated state, changed only by applying entries, kept in every snapshot.
 *
 * Guarantee: the command (session, sequence) takes effect at most once, and every retry that comes before the client acknowledged it gets the first result.
 * Bounds: at most `maxSessions` sessions, evicted least recently used in log order; at most `maxReplies` kept results a session.
 * Non-goals: no clock, so no expiry by time here; an expiry is a command that somebody proposes.
 *
 * @since 0.1.0
 */

/**
 * A session: its kept results by sequence, and the sequence below which nothing is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session<R> {
  readonly lowest: number
  /** The index of the newest entry that used it. */
  readonly used: number
  readonly results: ReadonlyMap<number, { readonly index: number; readonly result: R }>
}

/**
 * The table, by session id, in the order in which they were opened.
 *
 * @since 0.1.0
 * @category models
 */
export type Sessions<R> = ReadonlyMap<number, Session<R>>

/**
 * The table of a log without sessions.
 *
 * @since 0.1.0
 * @category constructors
 */
export const empty: Sessions<never> = new Map()

/**
 * What is known of a command before it is executed.
 *
 * @since 0.1.0
 * @category models
 */
export type Lookup<R> =
  | { readonly _tag: "New" }
  | { readonly _tag: "Seen"; readonly index: number; readonly result: R }
  | { readonly _tag: "Superseded" }
  | { readonly _tag: "Expired" }

/**
 * A table that a batch of entries changes: each session is copied at its first change, the table at the first change of all.
 *
 * @since 0.1.0
 * @category models
 */
export class Draft<R> {
  private table: Map<number, Session<R>> | undefined
  private own: Map<number, Writable<R>> | undefined

  constructor(
    private readonly base: Sessions<R>,
    private readonly limits: { readonly maxSessions: number; readonly maxReplies: number }
  ) {}

  private get current(): Sessions<R> {
    return this.table ?? this.base
  }

  private writable(): Map<number, Session<R>> {
    if (this.table === undefined) {
      const table = this.table = new Map<number, Session<R>>()
      this.base.forEach((session, id) => table.set(id, session)) // half the price of the constructor's iterator
    }
    return this.table
  }

  open(id: number): void {
    const table = this.writable()
    const session = { lowest: 1, used: id, results: new Map<number, { index: number; result: R }>() }
    this.note(id, session)
    table.set(id, session)
    if (table.size > this.limits.maxSessions) this.evict(table)
  }

  /** Drops the least recently used. `used` differs between any two, since an entry uses one session. */
  private evict(table: Map<number, Session<R>>): void {
    let oldest: number | undefined
    let used = Infinity
    for (const [id, session] of table) {
      if (session.used < used) {
        oldest = id
        used = session.used
      }
    }
    if (oldest === undefined) return
    table.delete(oldest)
    this.own?.delete(oldest)
  }

  lookup(id: number, sequence: number): Lookup<R> {
    const session = this.current.get(id)
    if (session === undefined) return { _tag: "Expired" }
    if (sequence < session.lowest) return { _tag: "Superseded" }
    const seen = session.results.get(sequence)
    return seen === undefined ? { _tag: "New" } : { _tag: "Seen", index: seen.index, result: seen.result }
  }

  /** Notes that the client has every answer below `lowest`, and that the entry at `index` used the session. */
  touch(id: number, index: number, lowest: number): void {
    const session = this.draft(id, lowest)
    session.used = index
    if (lowest > session.lowest) session.lowest = lowest
    for (const answered of session.results.keys()) { // in the order of execution, which is nearly that of sequences
      if (answered >= lowest) break
      session.results.delete(answered)
    }
  }

  keep(id: number, sequence: number, index: number, result: R): void {
    const session = this.draft(id, 0)
    session.results.set(sequence, { index, result })
    if (session.results.size > this.limits.maxReplies) {
      const [oldest] = session.results.keys()
      session.results.delete(oldest!)
      if (oldest! >= session.lowest) session.lowest = oldest! + 1
    }
  }

  done(): Sessions<R> {
    return this.current
  }

  private note(id: number, session: Writable<R>): void {
    this.own ??= new Map()
    this.own.set(id, session)
  }

  /** A session that may be changed. Its copy begins at the first result that is not answered, as if the answered ones before it were deleted one by one. */
  private draft(id: number, lowest: number): Writable<R> {
    const known = this.own?.get(id)
    if (known !== undefined) return known
    const base = this.current.get(id)
    if (base === undefined) throw new Error(`session ${id} is not in the table`) // lookup comes first
    const results = new Map<number, { index: number; result: R }>()
    base.results.forEach((kept, sequence) => {
      if (results.size > 0 || sequence >= lowest) results.set(sequence, kept)
    })
    const session: Writable<R> = { lowest: Math.max(base.lowest, lowest), used: base.used, results }
    this.note(id, session)
    this.writable().set(id, session)
    return session
  }
}

/** A session that is being changed. */
interface Writable<R> {
  lowest: number
  used: number
  readonly results: Map<number, { index: number; result: R }>
}
