/**
 * Raft, as a pure protocol. Start at `Raft.ts`; `Rules.ts` holds what its safety rests on, `Invariants.ts` what must always be true.
 *
 * @since 0.1.0
 */
export * as Config from "./Config.js"
export * as Invariants from "./Invariants.js"
export * as Raft from "./Raft.js"
export * as Rules from "./Rules.js"
export * as Sessions from "./Sessions.js"
export type * as Types from "./Types.js"
