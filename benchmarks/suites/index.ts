import type { Suite } from "../harness/Suite.js"
import { actor } from "./actor/index.js"
import { log } from "./log/index.js"
import { replicated } from "./replicated/index.js"
import { tcp } from "./tcp/index.js"

/** In the order in which `synod bench` runs them. */
export const suites: ReadonlyArray<Suite> = [actor, tcp, log, replicated]
