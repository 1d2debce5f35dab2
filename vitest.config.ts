import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = fileURLToPath(new URL("./src", import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^synod\/(.*)$/, replacement: `${src}/$1.ts` },
      { find: /^synod$/, replacement: `${src}/index.ts` }
    ]
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    fakeTimers: { toFake: undefined },
    sequence: { concurrent: true },
    pool: "threads",
    testTimeout: 60_000
  }
})
