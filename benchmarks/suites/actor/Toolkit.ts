/**
 * What a way to write actors must give, so that every workload is written once and runs on all of them.
 */

/** Every message carries one number under one of these tags. */
export interface Message {
  readonly _tag: Tag
  readonly n: number
}

export const tags = ["Ping", "Pong", "Token", "Count", "Report", "Total"] as const
export type Tag = (typeof tags)[number]

export type Handler<S> = (state: S, message: Message) => S
export type Handlers<S> = { readonly [T in Tag]?: Handler<S> }

/** A handler's step is what its toolkit calls one: the next state, or an Effect of it. Workloads only pass steps on. */
export interface Toolkit<Ref, Told = unknown> {
  readonly spawn: <S>(initial: S, handlers: Handlers<S>) => Promise<Ref>
  readonly message: { readonly [T in Tag]: (n: number) => Message }
  readonly tell: (ref: Ref, message: Message) => Told
  readonly tellAll: (ref: Ref, messages: ReadonlyArray<Message>) => Told
  /** The step of a handler that told something and goes on with `state`. */
  readonly after: <S>(told: Told, state: S) => S
  /** The step of a handler that told nothing. */
  readonly step: <S>(state: S) => S
  /** From outside of all actors. */
  readonly inject: (ref: Ref, message: Message) => void
}

/** One function for all tags, for toolkits without a table of their own: the handler itself where there is only one. */
export const receiver = <S>(handlers: Handlers<S>): Handler<S> => {
  const [first, second, ...others] = Object.entries(handlers) as ReadonlyArray<readonly [Tag, Handler<S>]>
  if (first === undefined) throw new RangeError("an actor without handlers")
  if (second === undefined) return first[1]
  const [firstTag, firstHandler] = first
  const [secondTag, secondHandler] = second
  return (state, message) => {
    if (message._tag === firstTag) return firstHandler(state, message)
    if (message._tag === secondTag) return secondHandler(state, message)
    return others.find(([tag]) => tag === message._tag)![1](state, message)
  }
}

class Plain implements Message {
  constructor(readonly _tag: Tag, readonly n: number) {}
}

const makers = <M>(make: (tag: Tag) => (n: number) => M): { readonly [T in Tag]: (n: number) => M } => ({
  Ping: make("Ping"),
  Pong: make("Pong"),
  Token: make("Token"),
  Count: make("Count"),
  Report: make("Report"),
  Total: make("Total")
})

/** Messages for toolkits that take any object. */
export const plainMessages = makers((tag) => (n): Message => new Plain(tag, n))

/** Steps of toolkits whose handlers return the next state. */
export const plainSteps = {
  after: <S>(_told: unknown, state: S): S => state,
  step: <S>(state: S): S => state
}

/** Telling several in a loop, where telling is a call. */
export const loopTellAll = <Ref>(tell: (ref: Ref, message: Message) => unknown) =>
(
  ref: Ref,
  messages: ReadonlyArray<Message>
): void => {
  for (const message of messages) tell(ref, message)
}
