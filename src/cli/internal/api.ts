/**
 * What a node says over HTTP: the contract, from which the routes, their validation and the OpenAPI page are made.
 *
 * A client records a history by the status: 2xx, and 404 with `_tag` KeyNotFound, = `ok`; 400, 403, 413, 503 and any other 404 = `fail`, nothing was and nothing
 * will be executed; 500, 504, a lost connection and a deadline of the client's own = `info`, it may have happened or may happen yet. A failed read had no effect
 * either way.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Buffer } from "node:buffer"

/** UTF-8 bytes of a key. */
export const maxKeyBytes = 1024

/** UTF-8 bytes of a value, unless the configuration says otherwise. */
export const defaultMaxValueBytes = 1024 * 1024

const Key = Schema.String.pipe(
  Schema.filter((key) => {
    const bytes = Buffer.byteLength(key)
    return bytes >= 1 && bytes <= maxKeyBytes
      ? true
      : `a key has 1 to ${maxKeyBytes} bytes of UTF-8, this one has ${bytes}`
  }, { jsonSchema: { minLength: 1, maxLength: maxKeyBytes } })
)

const Millis = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 60_000))

const Deadline = Schema.Struct({
  timeout: Schema.optional(Millis).annotations({
    description: "the deadline in milliseconds; the node's own unless given"
  })
})

const Reading = Schema.Struct({
  ...Deadline.fields,
  level: Schema.optional(Schema.Literal("linearizable", "sequential", "stale")).annotations({
    description: "stale: at once from the local state; linearizable unless given"
  })
})

/** A value that is there. */
export class Found extends Schema.Class<Found>("Found")({ key: Schema.String, value: Schema.String }) {}

/** A write that was executed. */
export class Written extends Schema.Class<Written>("Written")({ key: Schema.String }) {}

/** A deletion that was executed, and whether there was something to delete. */
export class Deleted extends Schema.Class<Deleted>("Deleted")({ key: Schema.String, existed: Schema.Boolean }) {}

/** A comparison that was executed: whether it wrote, and the value that it found; null is an absent key. */
export class Compared extends Schema.Class<Compared>("Compared")({
  key: Schema.String,
  written: Schema.Boolean,
  found: Schema.NullOr(Schema.String)
}) {}

/** What a comparison expects, null being an absent key, and what it writes then. */
export class Comparison extends Schema.Class<Comparison>("Comparison")({
  expected: Schema.NullOr(Schema.String),
  value: Schema.String
}) {}

/** The key has no value. */
export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()(
  "KeyNotFound",
  { key: Schema.String },
  HttpApiSchema.annotations({ status: 404, description: "the key has no value" })
) {}

/** The request is none of this contract. Nothing was executed. */
export class BadRequest extends Schema.TaggedError<BadRequest>()(
  "BadRequest",
  { executed: Schema.Literal(false), message: Schema.String },
  HttpApiSchema.annotations({ status: 400, description: "the request is wrong; nothing was executed" })
) {}

/** The value is over the bound. Nothing was executed. */
export class TooLarge extends Schema.TaggedError<TooLarge>()(
  "TooLarge",
  { executed: Schema.Literal(false), limit: Schema.Number, message: Schema.String },
  HttpApiSchema.annotations({ status: 413, description: "the value is over the bound; nothing was executed" })
) {}

/** A promise: nothing was executed, and nothing will be. */
export class NotExecuted extends Schema.TaggedError<NotExecuted>()(
  "Unavailable",
  { executed: Schema.Literal(false), reason: Schema.String, message: Schema.String },
  HttpApiSchema.annotations({
    status: 503,
    description: "nothing was executed, and nothing will be: ask again, or ask another node"
  })
) {}

/** Nobody knows: it may have been executed, or may be yet. */
export class MaybeExecuted extends Schema.TaggedError<MaybeExecuted>()(
  "OutcomeUnknown",
  { executed: Schema.Literal("unknown"), reason: Schema.String, message: Schema.String },
  HttpApiSchema.annotations({ status: 504, description: "it may have been executed, or may be yet" })
) {}

/** A member as it sees itself. Lags are in log entries; those of peers are known to the leader alone. */
export class MemberStatus extends Schema.Class<MemberStatus>("MemberStatus")({
  node: Schema.String,
  algorithm: Schema.String,
  role: Schema.Literal("leader", "candidate", "follower", "restarting", "stopped"),
  term: Schema.Number,
  leader: Schema.NullOr(Schema.String),
  commitIndex: Schema.Number,
  applied: Schema.Number,
  lag: Schema.Number,
  incarnation: Schema.Number,
  restarts: Schema.Number,
  members: Schema.Array(Schema.Struct({
    node: Schema.String,
    match: Schema.optional(Schema.Number),
    lag: Schema.optional(Schema.Number),
    mode: Schema.optional(Schema.String)
  }))
}) {}

/** The member serves: it runs and knows a leader. */
export class Healthy extends Schema.Class<Healthy>("Healthy")({
  status: Schema.Literal("serving"),
  node: Schema.String,
  leader: Schema.String
}) {}

/** The member cannot serve now. */
export class Unhealthy extends Schema.TaggedError<Unhealthy>()(
  "Unhealthy",
  { status: Schema.Literal("no leader", "restarting", "stopped", "draining"), node: Schema.String },
  HttpApiSchema.annotations({ status: 503, description: "the member cannot serve now" })
) {}

const path = Schema.Struct({ key: Key })

const store = HttpApiGroup.make("store")
  .annotate(OpenApi.Description, "The replicated store: strings to strings. Keys are percent-encoded in the path.")
  .add(
    HttpApiEndpoint.get("get", "/kv/:key").setPath(path).setUrlParams(Reading)
      .addSuccess(Found).addError(KeyNotFound).addError(NotExecuted)
  )
  .add(
    HttpApiEndpoint.put("put", "/kv/:key").setPath(path).setUrlParams(Deadline).setPayload(HttpApiSchema.Text())
      .annotate(OpenApi.Description, "The body is the value, as UTF-8, whatever its content type.")
      .addSuccess(Written).addError(BadRequest).addError(TooLarge).addError(NotExecuted).addError(MaybeExecuted)
  )
  .add(
    HttpApiEndpoint.del("delete", "/kv/:key").setPath(path).setUrlParams(Deadline)
      .addSuccess(Deleted).addError(NotExecuted).addError(MaybeExecuted)
  )
  .add(
    HttpApiEndpoint.post("cas", "/kv/:key/cas").setPath(path).setUrlParams(Deadline).setPayload(Comparison)
      .annotate(OpenApi.Description, "Writes `value` where the present one is `expected`; null expects an absent key.")
      .addSuccess(Compared).addError(BadRequest).addError(TooLarge).addError(NotExecuted).addError(MaybeExecuted)
  )

const probes = HttpApiGroup.make("probes")
  .annotate(OpenApi.Description, "The member itself.")
  .add(HttpApiEndpoint.get("status", "/status").addSuccess(MemberStatus))
  .add(
    HttpApiEndpoint.get("metrics", "/metrics")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/plain; version=0.0.4; charset=utf-8" }))
  )
  .add(HttpApiEndpoint.get("health", "/health").addSuccess(Healthy).addError(Unhealthy))

/** The contract. */
export const api = HttpApi.make("synod")
  .annotate(OpenApi.Title, "Synod node")
  .annotate(OpenApi.Version, "0.1.0")
  .annotate(OpenApi.Description, "One member of a replicated, linearizable key-value store.")
  .add(store)
  .add(probes)
