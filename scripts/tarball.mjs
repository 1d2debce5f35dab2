// The package as a user gets it: packs dist, unpacks it beside symbolic links to the installed dependencies, and then
// 1. every internal module is refused with ERR_PACKAGE_PATH_NOT_EXPORTED, every public one imports, and the command has its first line;
// 2. a consumer of all public modules type-checks under each installed compiler, with NodeNext and with Bundler resolution.
// Expects a fresh build. usage: node scripts/tarball.mjs
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, sep } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const temporary = mkdtempSync(join(tmpdir(), "synod-tarball-"))
const failures = []

const run = (command, args, cwd) => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28 })
  if (error) throw error
  return { status, text: `${stdout}${stderr}`, stdout }
}

/** Unpacks the tarball to node_modules/synod of the temporary folder; everything else there is a link. */
const install = () => {
  const packed = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", temporary], root)
  if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.text}`)
  const [{ filename }] = JSON.parse(packed.stdout)
  const modules = join(temporary, "node_modules")
  mkdirSync(join(modules, manifest.name), { recursive: true })
  const unpacked = run("tar", ["-xzf", filename, "--strip-components=1", "-C", join(modules, manifest.name)], temporary)
  if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.text}`)
  for (const name of readdirSync(join(root, "node_modules")).filter((entry) => !entry.startsWith("."))) {
    symlinkSync(join(root, "node_modules", name), join(modules, name), "dir")
  }
  return join(modules, manifest.name)
}

const modulesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/").slice(0, -".js".length))
    .toSorted()

const isHidden = (name) => name.split("/").includes("internal") || name.startsWith("cli/")

const importAll = (specifiers) => {
  const program = `
    const outcomes = {}
    for (const specifier of ${JSON.stringify(specifiers)}) {
      outcomes[specifier] = await import(specifier).then(() => "imports", (error) => error.code ?? String(error))
    }
    process.stdout.write(JSON.stringify(outcomes), () => process.exit(0))`
  const outcome = run(process.execPath, ["--input-type=module", "--eval", program], temporary)
  if (outcome.status !== 0) {
    throw new Error(`importing the modules ended with status ${outcome.status}: ${outcome.text}`)
  }
  return JSON.parse(outcome.stdout)
}

const typeCheck = (compiler, module, moduleResolution) => {
  writeFileSync(
    join(temporary, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2022",
        module,
        moduleResolution,
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: true,
        lib: ["ES2023"],
        types: ["node"]
      },
      files: ["consumer.ts"]
    })
  )
  const outcome = run(process.execPath, [join(root, compiler), "-p", "tsconfig.json"], temporary)
  if (outcome.status !== 0) failures.push(`${compiler} with ${moduleResolution}:\n${outcome.text}`)
  else console.log(`types: ${compiler.split("/").slice(1, -2).join("/")} with ${moduleResolution}: ok`)
}

try {
  if (!existsSync(join(root, "dist"))) throw new Error("there is no dist: run npm run build first")
  const installed = install()
  const modules = modulesOf(join(installed, "dist"))
  const hidden = modules.filter(isHidden)
  const open = modules.filter((name) => !isHidden(name))
  const specifier = (name) => name === "index" ? manifest.name : `${manifest.name}/${name}`
  // beside the modules themselves, the spellings that a user might try
  const refused = hidden.flatMap((
    name
  ) => [
    specifier(name),
    `${specifier(name)}.js`,
    `${manifest.name}/dist/${name}.js`,
    `${manifest.name}/src/${name}.ts`
  ])

  if (hidden.length === 0 || !open.includes("index")) {
    failures.push(
      `the tarball has ${hidden.length} internal modules and ${open.length} public ones: something is missing`
    )
  }
  const outcomes = importAll([...refused, ...open.map(specifier)])
  for (const name of refused) {
    const isShut = outcomes[name] === "ERR_PACKAGE_PATH_NOT_EXPORTED" ||
      // through the star of the exports these lead to files that are not there: dist/dist/..., dist/x.js.js
      (outcomes[name] === "ERR_MODULE_NOT_FOUND" && !hidden.map(specifier).includes(name))
    if (!isShut) failures.push(`${name} must not be reachable: ${outcomes[name]}`)
  }
  for (const name of open.map(specifier)) {
    if (outcomes[name] !== "imports") failures.push(`${name} does not import: ${outcomes[name]}`)
  }
  console.log(`imports: ${hidden.length} internal modules refused, ${open.length} public ones imported`)

  for (const [name, file] of Object.entries(manifest.bin)) {
    const path = join(installed, file)
    if (!existsSync(path)) failures.push(`bin ${name}: ${file} is not in the tarball`)
    else if (!readFileSync(path, "utf8").startsWith("#!/usr/bin/env node\n")) {
      failures.push(`bin ${name}: ${file} does not begin with #!/usr/bin/env node`)
    }
  }

  const consumer = open.map((name, index) =>
    `import * as M${index} from "${specifier(name)}"\nexport const m${index} = M${index}\n`
  )
  writeFileSync(join(temporary, "package.json"), JSON.stringify({ type: "module", private: true }))
  writeFileSync(join(temporary, "consumer.ts"), consumer.join(""))
  for (const compiler of ["node_modules/typescript/bin/tsc", "node_modules/@typescript/native/bin/tsc"]) {
    typeCheck(compiler, "NodeNext", "NodeNext")
    typeCheck(compiler, "ESNext", "Bundler")
  }
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error))
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
for (const failure of failures) console.error(failure)
process.exitCode = failures.length === 0 ? 0 : 1
