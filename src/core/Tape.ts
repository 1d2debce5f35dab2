/**
 * The tape of a run: every choice that it asked for, by stream, with its label, its range and its outcome.
 *
 * Guarantee: a program and the tape that it recorded give the same run again. A program that asks for another choice, for one more or for one less is told so,
 * with the stream, the place and both labels: a tape is never bent to fit in silence. It holds outcomes, not raw draws, so weights and generators may change
 * under it; and since streams are independent, it survives every change of the program that leaves its own streams alone.
 *
 * @since 0.1.0
 */
import type { Choice } from "./Choice.js"
import { pathOf } from "./Choice.js"

/**
 * One stream. `values` are its outcomes in order, where a negative number stands for so many zeros and zeros at the end are left out; `asked` says what they
 * answered, as runs of equal questions.
 *
 * @since 0.1.0
 * @category models
 */
export interface TapeStream {
  readonly asked: ReadonlyArray<readonly [label: string, n: number, times: number]>
  readonly values: ReadonlyArray<number>
}

/**
 * What a run chose, by the path of its streams. Plain data: JSON keeps it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tape {
  readonly streams: { readonly [path: string]: TapeStream }
}

/**
 * A choice as a tape knows it; `undefined` where one side asks for none.
 *
 * @since 0.1.0
 * @category models
 */
export type Question = { readonly label: string; readonly n: number } | undefined

/**
 * Thrown when a replay and its tape differ about what is asked at one place: the program is not the one that was recorded.
 *
 * @since 0.1.0
 * @category errors
 */
export class TapeMismatch extends Error {
  override readonly name = "TapeMismatch"
  constructor(
    readonly path: string,
    readonly index: number,
    /** What the tape holds there; `undefined` behind its end. */
    readonly expected: Question,
    /** What the run asked there; `undefined` if it asked nothing more. */
    readonly actual: Question
  ) {
    const place = `${path || "/"}[${index}]`
    super(
      actual === undefined
        ? `the tape holds ${say(expected)} at ${place}, the run asked nothing more there`
        : expected === undefined
        ? `the tape holds nothing more at ${place}, the run asked ${say(actual)}`
        : `the tape holds ${say(expected)} at ${place}, the run asked ${say(actual)}`
    )
  }
}

const say = (question: Question): string => question === undefined ? "nothing" : `${question.label}(${question.n})`

/**
 * A choice that keeps its tape.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recorded extends Choice {
  tape(): Tape
}

class Recording implements Recorded {
  private readonly children = new Map<string, Recording>()
  private readonly asked: Array<[label: string, n: number, times: number]> = []
  private readonly values: Array<number> = []
  private zeros = 0

  constructor(private readonly inner: Choice, private readonly path: string) {}

  below(n: number, label: string): number {
    const value = this.inner.below(n, label)
    const last = this.asked.at(-1)
    if (last !== undefined && last[0] === label && last[1] === n) last[2]++
    else this.asked.push([label, n, 1])
    if (value === 0) this.zeros++
    else {
      if (this.zeros > 0) this.values.push(-this.zeros)
      this.zeros = 0
      this.values.push(value)
    }
    return value
  }

  fork(label: string): Recording {
    let child = this.children.get(label)
    if (child === undefined) {
      child = new Recording(this.inner.fork(label), pathOf(this.path, label))
      this.children.set(label, child)
    }
    return child
  }

  tape(): Tape {
    const streams: Record<string, TapeStream> = {}
    this.collect(streams)
    return { streams }
  }

  private collect(into: Record<string, TapeStream>): void {
    if (this.asked.length > 0) {
      into[this.path] = { asked: this.asked.map(([label, n, times]) => [label, n, times]), values: [...this.values] }
    }
    for (const child of this.children.values()) child.collect(into)
  }
}

/**
 * The same choice, whose outcomes are kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const record = (choice: Choice): Recorded => new Recording(choice, "")

/** Walks over one stream of a tape. */
class Cursor {
  index = 0
  /** The outcome of the question that was taken last. */
  value = 0
  private run = 0
  private left: number
  private at = 0
  private zeros = 0

  constructor(private readonly stream: TapeStream | undefined) {
    this.left = stream?.asked[0]?.[2] ?? 0
  }

  /** The next question. */
  take(): Question {
    const asked = this.stream?.asked[this.run]
    this.index++
    this.value = 0
    if (asked === undefined || this.stream === undefined) return undefined
    if (--this.left === 0) this.left = this.stream.asked[++this.run]?.[2] ?? 0
    if (this.zeros > 0) this.zeros--
    else {
      const next = this.stream.values[this.at++] ?? 0
      if (next < 0) this.zeros = -next - 1
      else this.value = next
    }
    return { label: asked[0], n: asked[1] }
  }

  get isAtEnd(): boolean {
    return this.stream?.asked[this.run] === undefined
  }
}

/** What a replay and a bent replay share: a cursor for each stream, and whose fault it is when they differ. */
class Player implements Choice {
  private readonly children = new Map<string, Player>()
  private readonly cursor: Cursor

  constructor(
    private readonly tape: Tape,
    private readonly path: string,
    private readonly differs: (path: string, index: number, expected: Question, actual: Question) => void
  ) {
    this.cursor = new Cursor(Object.hasOwn(tape.streams, path) ? tape.streams[path] : undefined)
  }

  below(n: number, label: string): number {
    const { cursor } = this
    const question = cursor.take()
    if (question !== undefined && question.label === label && question.n === n) return cursor.value
    this.differs(this.path, cursor.index - 1, question, { label, n })
    return question?.label === label ? Math.min(cursor.value, Math.max(0, n - 1)) : 0
  }

  fork(label: string): Player {
    let child = this.children.get(label)
    if (child === undefined) {
      child = new Player(this.tape, pathOf(this.path, label), this.differs)
      this.children.set(label, child)
    }
    return child
  }

  /** Notes the paths of the streams whose every choice was asked for; the first that holds more is told. */
  end(done: Set<string>): void {
    const { cursor, path } = this
    done.add(path)
    if (!cursor.isAtEnd) this.differs(path, cursor.index, cursor.take(), undefined)
    for (const child of this.children.values()) child.end(done)
  }
}

/**
 * A choice that takes its outcomes from a tape.
 *
 * @since 0.1.0
 * @category models
 */
export interface Replayed extends Choice {
  /** The run is over: throws `TapeMismatch` if the tape holds a choice that it did not ask for. */
  end(): void
}

/**
 * Replays a tape. Throws `TapeMismatch` at the first choice that is asked with another label or range than the tape holds, or behind the end of its stream.
 *
 * @since 0.1.0
 * @category constructors
 */
export const replay = (tape: Tape): Replayed => {
  const player = new Player(tape, "", (path, index, expected, actual) => {
    throw new TapeMismatch(path, index, expected, actual)
  })
  return {
    below: (n, label) => player.below(n, label),
    fork: (label) => player.fork(label),
    end: () => {
      const done = new Set<string>()
      player.end(done)
      for (const [path, stream] of Object.entries(tape.streams)) {
        const [first] = stream.asked
        if (first !== undefined && !done.has(path)) {
          throw new TapeMismatch(path, 0, { label: first[0], n: first[1] }, undefined)
        }
      }
    }
  }
}

/**
 * A choice that follows a tape as far as it fits.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bent extends Choice {
  /** The first place where the run asked for something else; `undefined` while the tape fitted. */
  readonly mismatch: TapeMismatch | undefined
}

/**
 * Follows a tape through a program that is not the one which was recorded, or through an edited tape: where the label is the same, the outcome is taken, cut
 * to the range; everything else is 0. It says where it first differed. For shrinking, and for a tape that outlives a repair.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bend = (tape: Tape): Bent => {
  let first: TapeMismatch | undefined
  const player = new Player(tape, "", (path, index, expected, actual) => {
    first ??= new TapeMismatch(path, index, expected, actual)
  })
  return {
    below: (n, label) => player.below(n, label),
    fork: (label) => player.fork(label),
    get mismatch() {
      return first
    }
  }
}

/**
 * An outcome of a tape that is not 0.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decision {
  readonly path: string
  readonly index: number
  readonly label: string
  readonly n: number
  readonly value: number
}

/**
 * The outcomes that are not 0, stream by stream: what makes a run differ from the clean one.
 *
 * @since 0.1.0
 * @category accessors
 */
export const decisions = (tape: Tape): ReadonlyArray<Decision> => {
  const found: Array<Decision> = []
  for (const [path, stream] of Object.entries(tape.streams)) {
    const cursor = new Cursor(stream)
    for (let question = cursor.take(); question !== undefined; question = cursor.take()) {
      if (cursor.value !== 0) found.push({ path, index: cursor.index - 1, ...question, value: cursor.value })
    }
  }
  return found
}

/**
 * The tape with other decisions: the questions stay, every outcome that is not among them becomes 0. Decisions of one stream come in order of their index.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withDecisions = (tape: Tape, kept: ReadonlyArray<Decision>): Tape => {
  const values = new Map<string, { readonly values: Array<number>; next: number }>()
  for (const { index, path, value } of kept) {
    let stream = values.get(path)
    if (stream === undefined) values.set(path, stream = { values: [], next: 0 })
    if (index > stream.next) stream.values.push(stream.next - index)
    stream.values.push(value)
    stream.next = index + 1
  }
  return {
    streams: Object.fromEntries(
      Object.entries(tape.streams).map(([path, { asked }]) => [path, { asked, values: values.get(path)?.values ?? [] }])
    )
  }
}
