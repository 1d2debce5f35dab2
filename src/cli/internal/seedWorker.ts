/**
 * The entry of a worker thread that runs chunks of seeds, each as it is told to.
 *
 * @since 0.1.0
 */
import { parentPort, workerData } from "node:worker_threads"
import type { Chunk, Work } from "./seeds.js"
import { runChunk } from "./seeds.js"

const work = workerData as Work // `seeds.ts` alone starts this file, and hands it its Work and then Chunks
parentPort?.on("message", (chunk: Chunk) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage(runChunk(work, chunk))
})
