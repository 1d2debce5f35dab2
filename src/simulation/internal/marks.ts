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
  emit: 14 << 24
} as const
