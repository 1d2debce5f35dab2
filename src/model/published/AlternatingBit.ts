/**
 * The alternating bit protocol over two lossy queues (Bartlett, Scantlebury and Wilkinson, CACM 12(5), 1969), as Lamport's "Specifying Systems", chapter 14, describes it.
 *
 * Guarantee: what was acknowledged was received. Message flow: the sender repeats its value with its bit until that bit is acknowledged; the receiver repeats the bit that it
 * received last. The queues lose messages, which keep their order; longer ones than `queue` are not explored. Counts: 240 states of 1,392 generated at depth 10 for 2 values and queues of 2, as TLC.
 */
import type { ActionModel } from "../ActionModel.js"
import { make } from "../ActionModel.js"
import { each } from "../Fairness.js"
import { actionEntry, whole } from "./Entry.js"
import { atoms } from "./Quorums.js"

type Bit = 0 | 1

export type Variables = {
  readonly messages: ReadonlyArray<readonly [bit: Bit, value: string]>
  readonly acks: ReadonlyArray<Bit>
  readonly sender: { readonly bit: Bit; readonly acked: Bit; readonly sent: string }
  readonly receiver: { readonly bit: Bit; readonly received: string }
}

/** Planted bugs, by name. */
const mutants = {
  "accept-any-ack": "the sender takes any acknowledgement for that of its value",
  "ack-ahead": "the receiver acknowledges the bit that it expects next"
} as const

export type Mutant = keyof typeof mutants

export interface Options {
  readonly values: number
  readonly queue: number
  readonly mutant?: Mutant | undefined
}

const other = (bit: Bit): Bit => bit === 0 ? 1 : 0

/** Builds the model for so many values and queues of so many messages. */
export const alternatingBit = ({ mutant, queue, values }: Options): ActionModel<Variables> => {
  const data = atoms("d", values)
  const bits: ReadonlyArray<Bit> = [0, 1]
  return make<Variables>({
    name: "alternating-bit",
    initial: bits.flatMap((bit) =>
      data.flatMap((sent) =>
        data.map((received): Variables => ({
          messages: [],
          acks: [],
          sender: { bit, acked: bit, sent },
          receiver: { bit, received }
        }))
      )
    ),
    boundary: ({ acks, messages }) => messages.length <= queue && acks.length <= queue,
    actions: [
      ...data.map((value) => ({
        name: `SndNewValue(${value})`,
        reads: ["messages", "sender"] as const,
        step: ({ messages, sender }: Variables) => {
          if (sender.acked !== sender.bit) return []
          const bit = other(sender.bit)
          return [{ sender: { ...sender, bit, sent: value }, messages: [...messages, [bit, value] as const] }]
        }
      })),
      {
        name: "ReSndMsg",
        reads: ["messages", "sender"],
        step: ({ messages, sender: { acked, bit, sent } }) =>
          acked === bit ? [] : [{ messages: [...messages, [bit, sent] as const] }]
      },
      {
        name: "RcvMsg",
        reads: ["messages"],
        step: ({ messages: [first, ...rest] }) =>
          first === undefined ? [] : [{ messages: rest, receiver: { bit: first[0], received: first[1] } }]
      },
      {
        name: "SndAck",
        reads: ["acks", "receiver"],
        step: ({ acks, receiver: { bit } }) => [{ acks: [...acks, mutant === "ack-ahead" ? other(bit) : bit] }]
      },
      {
        name: "RcvAck",
        reads: ["acks", "sender"],
        step: ({ acks: [first, ...rest], sender }) =>
          first === undefined
            ? []
            : [{ acks: rest, sender: { ...sender, acked: mutant === "accept-any-ack" ? sender.bit : first } }]
      },
      {
        name: "LoseMsg",
        reads: ["messages"],
        step: ({ messages }) => messages.map((_, i) => ({ messages: messages.toSpliced(i, 1) }))
      },
      { name: "LoseAck", reads: ["acks"], step: ({ acks }) => acks.map((_, i) => ({ acks: acks.toSpliced(i, 1) })) }
    ],
    symmetry: [data],
    properties: [
      {
        name: "acknowledged was received",
        kind: "always",
        reads: ["sender", "receiver"],
        holds: ({ receiver, sender }) => sender.acked !== sender.bit || receiver.bit === sender.bit
      },
      {
        name: "received as sent",
        kind: "always",
        reads: ["sender", "receiver"],
        holds: ({ receiver, sender }) =>
          sender.acked === sender.bit || receiver.bit !== sender.bit || receiver.received === sender.sent
      },
      {
        name: "a value goes over",
        kind: "sometimes",
        reads: ["sender", "receiver"],
        holds: ({ receiver, sender }) =>
          sender.acked !== sender.bit && receiver.bit === sender.bit && receiver.received === sender.sent
      },
      {
        name: "what is sent arrives",
        kind: "leadsTo",
        reads: ["sender", "receiver"],
        from: ({ sender }) => sender.acked !== sender.bit,
        to: ({ receiver, sender }) => receiver.received === sender.sent
      }
    ],
    // what is sent again and again arrives
    fairness: [...each("weak", ["ReSndMsg", "SndAck"]), ...each("strong", ["RcvMsg", "RcvAck"])]
  })
}

/** For the catalogue. */
export const alternatingBitEntry = actionEntry(
  {
    name: "alternating-bit",
    summary: "a sender and a receiver over two lossy queues",
    elsewhere: "TLA+ MCAlternatingBit (Specifying Systems)",
    parameters: {
      values: whole("values that are sent", 2, 1, 6),
      queue: whole("messages in a queue", 2, 1, 6)
    },
    mutants
  },
  ({ queue, values }, mutant) => alternatingBit({ values, queue, mutant })
)
