/**
 * The entry of a worker thread that runs a share of the seeds.
 *
 * @since 0.1.0
 */
import { parentPort, workerData } from "node:worker_threads"
import type { Share } from "./seeds.js"
import { runShare } from "./seeds.js"

// `seeds.ts` alone starts this file, and hands it a Share
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
runShare(workerData as Share, (result) => parentPort?.postMessage(result))
