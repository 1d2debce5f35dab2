/**
 * Text files of users: what is wrong with one is said in one line that names the file, and the line where there is one.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { BadInput } from "../Errors.js"

/** V8 holds no longer string. */
const maxBytes = 512 * 1024 * 1024 - 32

/** Reads a UTF-8 file whole. Bytes that are no UTF-8 are refused: replaced by a sign of damage, they would change what is judged. */
export const readText = (file: string): Effect.Effect<string, BadInput, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const failed = (error: PlatformError) => new BadInput({ message: `${file}: ${reason(error)}` })
    const { size, type } = yield* Effect.mapError(files.stat(file), failed)
    if (type === "Directory") return yield* new BadInput({ message: `${file}: is a directory, not a file` })
    if (size > maxBytes) {
      return yield* new BadInput({ message: `${file}: ${size} bytes are over the limit of ${maxBytes}` })
    }
    const bytes = yield* Effect.mapError(files.readFile(file), failed)
    const text = decode(bytes)
    return text ?? (yield* new BadInput({ message: `${file}: line ${firstBadLine(bytes)}: not UTF-8` }))
  })

const reason = (error: PlatformError): string => {
  if (error._tag !== "SystemError") return error.message
  switch (error.reason) {
    case "NotFound":
      return "no such file"
    case "PermissionDenied":
      return "permission denied"
    default:
      return error.description ?? error.reason
  }
}

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** No byte of a longer sequence is a newline, so lines decode on their own. */
const firstBadLine = (bytes: Uint8Array): number => {
  let line = 1
  for (let start = 0; start <= bytes.length;) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline < 0 ? bytes.length : newline
    if (decode(bytes.subarray(start, end)) === undefined) return line
    start = end + 1
    line++
  }
  return line
}
