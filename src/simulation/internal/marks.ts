/**
 * What the trace hash sees: every kind of thing that happens has its own mark, in the bits above those of the nodes' places. Beside it goes the time,
 * of which 32 bits are enough.
 *
 * @internal
 */
export const Mark = {
  send: 1 << 24,
  lost: 2 << 24,
  deliver: 3 << 24,
  timer: 4 << 24,
  flush: 5 << 24,
  crash: 6 << 24,
  boot: 7 << 24,
  pause: 8 << 24,
  resume: 9 << 24,
  partition: 10 << 24,
  request: 11 << 24,
  reply: 12 << 24,
  choice: 13 << 24,
  emit: 14 << 24,
  heal: 15 << 24,
  slow: 16 << 24,
  jump: 17 << 24,
  link: 18 << 24,
  damage: 19 << 24
} as const

/** One word for the hash: what happened, when, and what tells it from others of its kind. One round of the digest for all three costs a third. */
export const stamp = (mark: number, time: number, what = 0): number =>
  mark ^ Math.imul(time, 0x9e3779b1) ^ Math.imul(what, 0x85ebca6b)
