/**
 * Raft, as a pure protocol. Start at `Raft.ts`; `Rules.ts` holds what its safety rests on, `Invariants.ts` what must always be true,
 * `Monitor.ts` the same at the price of what a step changed.
 *
 * @since 0.1.0
 */
export * as ClientInvariants from "./ClientInvariants.js"
export * as Config from "./Config.js"
export * as Invariants from "./Invariants.js"
export type * as Members from "./Members.js"
export { Monitor } from "./Monitor.js"
export * as Raft from "./Raft.js"
export * as Rules from "./Rules.js"
export * as Sessions from "./Sessions.js"
export * as StepInvariants from "./StepInvariants.js"
export type * as Types from "./Types.js"
