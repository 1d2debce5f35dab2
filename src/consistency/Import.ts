/**
 * Histories from text: one door for all formats. Parsing takes strings; reading files is the caller's.
 *
 * @since 0.1.0
 */
import * as Isovista from "./importers/Isovista.js"
import * as JepsenEdn from "./importers/JepsenEdn.js"
import * as PorcupineEtcd from "./importers/PorcupineEtcd.js"
import * as PorcupineKv from "./importers/PorcupineKv.js"
import { type Imported, ImportError, type Input } from "./importers/Source.js"
import * as Synod from "./importers/Synod.js"

export { type Imported, ImportError, type Input }

/**
 * The formats by the names that `synod check-history --format` knows.
 *
 * @since 0.1.0
 * @category models
 */
export type Format = "porcupine-etcd" | "porcupine-kv" | "jepsen-edn" | "isovista" | "synod"

/**
 * Every format, for help texts and validation.
 *
 * @since 0.1.0
 * @category models
 */
export const formats: ReadonlyArray<Format> = ["porcupine-etcd", "porcupine-kv", "jepsen-edn", "isovista", "synod"]

/**
 * Parses a history. A malformed line is an `ImportError` with its number, never skipped in silence.
 *
 * @since 0.1.0
 * @category importing
 */
export const parse = (text: string, format: Format): Imported | ImportError => {
  switch (format) {
    case "porcupine-etcd":
      return PorcupineEtcd.parse(text)
    case "porcupine-kv":
      return PorcupineKv.parse(text)
    case "jepsen-edn":
      return JepsenEdn.parse(text)
    case "isovista":
      return Isovista.parse(text)
    case "synod":
      return Synod.parse(text)
  }
}

/**
 * Writes a history in the `synod` format.
 *
 * @since 0.1.0
 * @category exporting
 */
export const toSynod = Synod.format
