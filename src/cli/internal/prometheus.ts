/**
 * Metrics as text, in Prometheus' exposition format 0.0.4.
 *
 * @since 0.1.0
 */

/** One metric with its samples. Names of counters end in `_total`; units are base units (seconds, bytes). */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: "counter" | "gauge"
  readonly samples: ReadonlyArray<Sample>
}

/** A value and what tells it from the family's others. */
export interface Sample {
  readonly labels?: { readonly [name: string]: string }
  readonly value: number
}

/** A family of one sample. */
export const single = (type: Family["type"], name: string, help: string, value: number): Family => ({
  name,
  help,
  type,
  samples: [{ value }]
})

/** The text; families without samples are left out. */
export const render = (families: ReadonlyArray<Family>): string =>
  families.filter((family) => family.samples.length > 0).map((family) =>
    `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n` +
    family.samples.map((sample) => `${family.name}${labels(sample.labels)} ${number(sample.value)}\n`).join("")
  ).join("")

const labels = (given: Sample["labels"] = {}): string => {
  const pairs = Object.entries(given).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll("\"", "\\\"")

const number = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"
