/**
 * Messages and behaviours: what an actor is told and asked, and how it answers.
 *
 * A behaviour is made in two calls, `Actor.make(...).on(...)`, so that state, answers, failures and requirements are inferred exactly.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Reason } from "./DeathWatch.js"
import { requestMark } from "./internal/Declared.js"
import { whileAsked } from "./internal/Interruptible.js"
import { Answered, later as makeLater } from "./internal/Letters.js"
import type { Self } from "./Self.js"

declare const Answer: unique symbol

/**
 * A message that is answered with an `A`, or with a declared failure `F`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Asked<out A, out F> {
  readonly _tag: string
  /** A phantom: it exists in the type only. */
  readonly [Answer]: readonly [A, F]
}

/**
 * Anything an actor can be sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tagged {
  readonly _tag: string
}

/**
 * What a request is answered with; `never` for what is only told.
 *
 * @since 0.1.0
 * @category models
 */
export type Success<M> = M extends Asked<infer A, infer _F> ? A
  : M extends Schema.WithResult<infer A, infer _I, infer _F, infer _FI, infer _R> ? A
  : never

/**
 * The declared failure of a request.
 *
 * @since 0.1.0
 * @category models
 */
export type Failure<M> = M extends Asked<infer _A, infer F> ? F
  : M extends Schema.WithResult<infer _A, infer _I, infer F, infer _FI, infer _R> ? F
  : never

/**
 * What can be asked: requests made by `Actor.Request` or by `Schema.TaggedRequest`.
 *
 * @since 0.1.0
 * @category models
 */
export type AnyRequest =
  | Asked<unknown, unknown>
  // not `WithResult<unknown, ...>`: a Schema is invariant in its type
  | (Tagged & { readonly [Schema.symbolWithResult]: unknown })

type Arguments<Fields extends Schema.Struct.Fields> = [keyof Fields] extends [never] ? []
  : [fields: Schema.Struct.Type<Fields>]

/**
 * The class of a message. Its constructor only assigns (a validated one costs 60 times as much); `schema` is for the codec.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageClass<Tag extends string, Fields extends Schema.Struct.Fields, Extra = unknown> {
  new(...args: Arguments<Fields>): { readonly _tag: Tag } & Readonly<Schema.Struct.Type<Fields>> & Extra
  readonly _tag: Tag
  readonly schema: Schema.Struct<Fields>
}

/** How Node prints a value: without it a message would show no tag, which is on the prototype. */
const inspect = Symbol.for("nodejs.util.inspect.custom")

/**
 * Sets the fields of a message, written out: `Object.assign` costs 30 ns a message, this 7. The text is made of JSON-quoted field names, which come from the
 * program's own Schema. Undefined where the process forbids code from strings, and where a field may be absent.
 */
const assigner = (fields: Schema.Struct.Fields): ((this: object, values: object) => void) | undefined => {
  const names = Object.keys(fields)
  if (names.includes("__proto__") || !names.every((name) => Schema.isSchema(fields[name]))) return undefined
  try {
    const text = names.map((name) => `this[${JSON.stringify(name)}] = values[${JSON.stringify(name)}]`).join(";")
    return new Function("values", text) as (this: object, values: object) => void // what the text says
  } catch {
    return undefined
  }
}

const makeClass = (tag: string, fields: Schema.Struct.Fields, result?: object): unknown => {
  const assign = assigner(fields) ?? function(this: object, values: object): void {
    Object.assign(this, values)
  }
  class Base {
    static readonly _tag = tag
    static readonly schema = Schema.Struct(fields)
    constructor(values?: object) {
      if (values !== undefined) assign.call(this, values)
    }
    toJSON(): object {
      return { _tag: tag, ...this }
    }
    [inspect](): object {
      return this.toJSON()
    }
  }
  Object.defineProperty(Base.prototype, "_tag", { value: tag, enumerable: true })
  if (result !== undefined) Object.defineProperty(Base.prototype, requestMark, { value: true })
  return Object.assign(Base, result)
}

/**
 * Makes the class of a message that is told.
 *
 * @example
 * ```ts
 * import { Actor } from "synod"
 * import { Schema } from "effect"
 *
 * export class Deposit extends Actor.Message("Deposit", { amount: Schema.Int }) {}
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const Message = <const Tag extends string, Fields extends Schema.Struct.Fields = {}>(
  tag: Tag,
  fields?: Fields
): MessageClass<Tag, Fields> =>
  // the class is built from data, so its static type has to be stated
  makeClass(tag, fields ?? {}) as MessageClass<Tag, Fields>

/**
 * Makes the class of a message that is asked: `success` and `failure` are the schemas of its answer, `payload` its fields.
 *
 * @example
 * ```ts
 * import { Actor } from "synod"
 * import { Schema } from "effect"
 *
 * export class Withdraw extends Actor.Request("Withdraw", {
 *   payload: { amount: Schema.Int },
 *   success: Schema.Int,
 *   failure: Schema.String
 * }) {}
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const Request = <
  const Tag extends string,
  A,
  I,
  Fields extends Schema.Struct.Fields = {},
  F = never,
  FI = never
>(tag: Tag, options: {
  readonly success: Schema.Schema<A, I>
  readonly failure?: Schema.Schema<F, FI>
  readonly payload?: Fields
}): MessageClass<Tag, Fields, Asked<A, F>> =>
  // the answer's type is a phantom: no instance carries it
  makeClass(tag, options.payload ?? {}, {
    success: options.success,
    failure: options.failure ?? Schema.Never
  }) as MessageClass<Tag, Fields, Asked<A, F>>

/**
 * An answer and the next state, or only the next state where the answer comes later.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply<out A, out S> {
  readonly value: A
  readonly next: S
}

/**
 * Answers a request with `value` and goes on with the state `next`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reply = <A, S>(value: A, next: S): Reply<A, S> => new Answered(value, next)

/**
 * Goes on with the state `next`; the request is answered later, by `self.reply(request, exit)`. What is unanswered when the life ends gets `ActorTerminated`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const later = <S>(next: S): Reply<never, S> => makeLater(next)

/**
 * Allows that the handler of a request is interrupted when its asker goes away, by interruption or by timeout: the finalizers of `effect` run, the state stays as
 * it was before the request, and the actor goes on. Without it a running handler goes on to its end. Put around a part of a handler, it holds for that part.
 * What is only told runs to its end. `effect` runs in a fiber of its own: a circle of asks through it is ended by its timeout, not found as `AskCycle`.
 *
 * @example
 * ```ts
 * import { Actor } from "synod"
 * import { Effect, Schema } from "effect"
 *
 * class Search extends Actor.Request("Search", { payload: { word: Schema.String }, success: Schema.Int }) {}
 * declare const search: (word: string) => Effect.Effect<number>
 *
 * export const Searcher = Actor.make("Searcher", { messages: [Search], initial: () => 0 }).on({
 *   Search: (searches, { word }) =>
 *     Actor.interruptible(Effect.map(search(word), (found) => Actor.reply(found, searches + 1)))
 * })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const interruptible: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = whileAsked

/**
 * What a handler may return for a message of type `M` in a state `S`: a plain value costs no interpretation; an Effect is run by the actor's fiber while
 * its mailbox waits, with a Scope that closes with the actor's life.
 *
 * @since 0.1.0
 * @category models
 */
export type Step<S, M> = M extends AnyRequest
  ? Reply<Success<M>, S> | Effect.Effect<Reply<Success<M>, S>, Failure<M>, unknown>
  : S | Effect.Effect<S, never, unknown>

/**
 * One handler for each tag.
 *
 * @since 0.1.0
 * @category models
 */
export type Handlers<S, M extends Tagged> = {
  readonly [Tag in M["_tag"]]: (
    state: S,
    message: Extract<M, { readonly _tag: Tag }>
  ) => Step<S, Extract<M, { readonly _tag: Tag }>>
}

type StateOf<I> = I extends Effect.Effect<infer S, infer _E, infer _R> ? S : I
type ErrorOf<I> = I extends Effect.Effect<infer _S, infer E, infer _R> ? E : never
type ContextOf<I> = I extends Effect.Effect<infer _S, infer _E, infer R> ? R : never
type Required<H> = { readonly [K in keyof H]: H[K] extends (...args: never) => infer O ? ContextOf<O> : never }[keyof H]

/**
 * An `Option`, `Either` or `Exit` is an Effect in Effect 3, and so is a `Ref` or a `Deferred`: as a state it would be run, not stored. Asked of the whole union:
 * one such member is too many.
 */
type NotAState<I> = [
  | Extract<I, Option.Option<unknown> | Either.Either<unknown, unknown> | Exit.Exit<unknown, unknown>>
  | Extract<StateOf<I>, Effect.Effect<unknown, unknown, unknown>>
] extends [never] ? unknown
  : { readonly "a state cannot be an Option, Either, Exit or another Effect: it would be run": never }

/** The class of a message, whatever made it. */
type AnyClass = abstract new(...args: never) => Tagged

/**
 * A named behaviour: it takes messages `M`, may fail to start with `E`, and needs `R`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behavior<in M, out E, out R> {
  readonly name: string
  readonly messages: ReadonlyArray<AnyClass>
  readonly definition: Definition
  /** Phantoms: they exist in the type only. */
  readonly _M?: (message: M) => void
  readonly _E?: E
  readonly _R?: R
}

/**
 * A behaviour without its types: what the runtime works with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition {
  readonly initial: (self: Self<never>) => unknown
  readonly handlers: object | ((self: Self<never>) => object)
  readonly stopping: ((state: never, reason: Reason) => Effect.Effect<void, never, unknown>) | undefined
  readonly afterBatch: ((state: never) => unknown) | undefined
}

/**
 * Begins a behaviour; `.on(handlers)` completes it.
 *
 * - `initial`: the first state of each life, or an Effect of it. Its failure is the spawner's error.
 * - `stopping`: runs once, before the last Scope closes, with the last state.
 * - `afterBatch`: called with the state when a batch of mail was handled and before the actor waits, the first wait of a life included; returns the next state.
 *   It is how a driver groups the writes of many messages. Plain only.
 *
 * A state is never itself an Effect. A literal `[]` infers `never[]`: state the type.
 *
 * @example
 * ```ts
 * import { Actor } from "synod"
 * import { Schema } from "effect"
 *
 * class Deposit extends Actor.Message("Deposit", { amount: Schema.Int }) {}
 * class Balance extends Actor.Request("Balance", { success: Schema.Int }) {}
 *
 * export const Account = Actor.make("Account", { messages: [Deposit, Balance], initial: () => 0 }).on({
 *   Deposit: (balance, { amount }) => balance + amount,
 *   Balance: (balance) => Actor.reply(balance, balance)
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Classes extends ReadonlyArray<AnyClass>, I, RS = never>(name: string, options: {
  readonly messages: Classes
  readonly initial: (self: Self<InstanceType<Classes[number]>>) => I & NotAState<I>
  readonly stopping?: (state: StateOf<I>, reason: Reason) => Effect.Effect<void, never, RS>
  readonly afterBatch?: (state: StateOf<I>) => StateOf<I>
}): {
  readonly on: <const H extends Handlers<StateOf<I>, InstanceType<Classes[number]>>>(
    handlers: H | ((self: Self<InstanceType<Classes[number]>>) => H)
  ) => Behavior<
    InstanceType<Classes[number]>,
    ErrorOf<I>,
    Exclude<ContextOf<I> | Required<H> | RS, Scope.Scope>
  >
} => ({
  on: (handlers) => ({
    name,
    messages: options.messages,
    // the state leaves the type system between two handlers: the cell hands each what the last returned
    definition: {
      initial: options.initial,
      handlers,
      stopping: options.stopping,
      afterBatch: options.afterBatch
    } as Definition
  })
})
