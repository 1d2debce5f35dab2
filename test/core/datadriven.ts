/** One case of a datadriven file: a command with arguments, its input lines, and the text that it must give. */
export interface Case {
  readonly line: number
  readonly command: string
  readonly args: { readonly [key: string]: string }
  readonly input: ReadonlyArray<string>
  readonly expected: string
}

/** Reads a datadriven file: `cmd key=val key=(a, b)`, input lines, `----`, expected text up to a blank line; `#` opens a comment. */
export const parse = (text: string): ReadonlyArray<Case> => {
  const lines = text.split("\n")
  const cases: Array<Case> = []
  for (let i = 0; i < lines.length; i++) {
    const head = lines[i]!.trim()
    if (head === "" || head.startsWith("#")) continue
    const line = i + 1
    const input: Array<string> = []
    while (++i < lines.length && lines[i] !== "----") if (!lines[i]!.startsWith("#")) input.push(lines[i]!)
    const expected: Array<string> = []
    while (++i < lines.length && lines[i] !== "") expected.push(lines[i]!)
    const args: Record<string, string> = {}
    for (const [, key, list, word] of head.matchAll(/(\w+)=(?:\(([^)]*)\)|(\S+))/g)) args[key!] = list ?? word!
    cases.push({ line, command: head.split(" ")[0]!, args, input, expected: expected.join("\n") })
  }
  return cases
}
