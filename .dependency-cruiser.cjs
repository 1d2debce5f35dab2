/**
 * The house rules of imports: which room may look into which, what keeps the pure rooms pure, and who may touch fibers.
 * `scripts/architecture.test.mjs` breaks each rule once on a scratch tree and expects this file to say so.
 */

/** A room, and the rooms that it may import (itself is implied). Arrows are transitive: what a room stands on, it may name. */
const ground = ["core"]
const judged = [...ground, "consistency"]
const modelled = [...judged, "protocols", "model"]
const shell = [...ground, "actor", "network", "storage"]
const served = [...shell, "node", "protocols", "consistency", "services"]
const rooms = {
  core: [],
  protocols: ground,
  consistency: ground,
  model: modelled,
  simulation: modelled,
  checker: modelled,
  actor: ground,
  network: ground,
  storage: ground,
  node: shell,
  services: served,
  testing: [...served, "model", "simulation"],
  explorer: [...served, "model", "simulation", "checker"],
  cli: [...served, "model", "simulation", "checker", "testing", "explorer"]
}

const pure = "^src/(core|protocols|model|simulation|checker|consistency)/"

/** The worker entry of the simulator runs the pure engine inside a Node worker thread; it is the one file set that knows Node. */
const pureExceptions = "^src/simulation/worker/"

/** How a dependency on one of these modules of effect may be spelt: by name, or resolved to its file. */
const effectModules = (names) => [`(^|/)effect/(${names})$`, `/effect/dist/[^/]+/(${names})\\.`]
const fiberInternals = [
  ...effectModules("Fiber|FiberId|FiberRefs|FiberStatus|RuntimeFlags|Scheduler|Supervisor"),
  "(^|/)effect/(internal|dist/[^/]+/internal)/"
]

/** Users of fiber internals: one file of the actor room, and the deterministic runtime of `testing`. */
const fiberOwners = "^src/(actor/internal/fiber\\.ts|testing/internal/)"

const direction = Object.entries(rooms).map(([room, allowed]) => ({
  name: `direction-${room}`,
  comment: `src/${room} may import only: ${[room, ...allowed].join(", ")}`,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: "^src/", pathNot: `^src/(${[room, ...allowed].join("|")})/` }
}))

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...direction,
    {
      name: "known-room",
      comment: "A folder of src that has no line in the table above has no rules: add it there.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/(${Object.keys(rooms).join("|")})/` },
      to: {}
    },
    {
      name: "barrel",
      comment: "The barrel shows what users may import: neither internals nor the command line.",
      severity: "error",
      from: { path: "^src/[^/]+\\.ts$" },
      to: { path: "^src/(cli/|.*/internal/)" }
    },
    {
      name: "pure",
      comment: "Pure rooms import nothing but each other: no effect, no node:, no package.",
      severity: "error",
      from: { path: pure, pathNot: `${pureExceptions}|^src/consistency/importers/` },
      to: { pathNot: "^src/" }
    },
    {
      name: "pure-importers",
      comment: "Importers of histories may read EDN with edn-data, and nothing else from outside.",
      severity: "error",
      from: { path: "^src/consistency/importers/" },
      to: { pathNot: "^src/|(^|/)edn-data(/|$)" }
    },
    {
      name: "fiber-internals",
      comment:
        "Only src/actor/internal/fiber.ts (and the deterministic runtime in testing) imports fiber internals of Effect.",
      severity: "error",
      from: { path: "^src/", pathNot: fiberOwners },
      to: { path: fiberInternals }
    },
    {
      name: "actor-fork",
      comment: "In the actor room that file is also the only one that runs effects on a Runtime.",
      severity: "error",
      from: { path: "^src/actor/", pathNot: fiberOwners },
      to: { path: effectModules("Runtime") }
    },
    {
      name: "effect-leaf-modules",
      comment: "import * as Effect from \"effect/Effect\": the barrel of effect hides what a file uses.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: ["^effect$", "/effect/dist/[^/]+/index\\.", "/effect/src/index\\.ts$"] }
    },
    {
      name: "no-circles",
      comment:
        "No circles: split off what both sides need. A circle that an import type closes is none at run time and may stay.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }
    },
    {
      name: "resolvable",
      comment: "An import that resolves to nothing.",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true }
    },
    {
      name: "declared",
      comment: "What src imports is a dependency or a peer dependency; a devDependency is not there at the user's.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm", "npm-peer"] }
    },
    {
      name: "inside-src",
      comment: "src imports nothing of test, benchmarks, examples or scripts.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|types-test|benchmarks|examples|scripts)/" }
    }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: "tsconfig.src.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "default", "types"] }
  }
}
