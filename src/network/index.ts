/**
 * The network room: codecs, the Network service over memory and TCP, and its faults.
 *
 * @since 0.1.0
 */
export * as Codec from "./Codec.js"
export * as FaultInjection from "./FaultInjection.js"
export * as Grudge from "./Grudge.js"
export * as Network from "./Network.js"
