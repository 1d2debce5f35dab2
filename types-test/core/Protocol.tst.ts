import type { NodeId } from "synod/core/NodeId"
import * as Protocol from "synod/core/Protocol"
import { describe, expect, test } from "tstyche"

type Cat = { readonly _tag: "Cat" }
type Dog = { readonly _tag: "Dog" }
type Echo = Protocol.Types<{ state: number; message: string }>
type Speaks<M> = Protocol.Types<{ state: number; message: M }>

describe("Types", () => {
  test("a word that is absent is never, an absent durable is undefined", () => {
    expect<Echo["state"]>().type.toBe<number>()
    expect<Echo["message"]>().type.toBe<string>()
    expect<Echo["timer"]>().type.toBe<never>()
    expect<Echo["request"]>().type.toBe<never>()
    expect<Echo["reply"]>().type.toBe<never>()
    expect<Echo["event"]>().type.toBe<never>()
    expect<Echo["record"]>().type.toBe<never>()
    expect<Echo["durable"]>().type.toBe<undefined>()
  })

  test("a complete vocabulary is a Vocabulary", () => {
    expect<Echo>().type.toBeAssignableTo<Protocol.Vocabulary>()
  })

  test("a vocabulary of more messages is none of fewer", () => {
    expect<Speaks<Cat>>().type.toBeAssignableTo<Speaks<Cat | Dog>>()
    expect<Speaks<Cat | Dog>>().type.not.toBeAssignableTo<Speaks<Cat>>()
  })

  test("a word that no protocol has is no part of the vocabulary", () => {
    expect<keyof Protocol.Types<{ state: number; song: string }>>().type.toBe<keyof Protocol.Vocabulary>()
  })
})

describe("Outbox", () => {
  test("an outbox for more messages serves where fewer are sent", () => {
    expect<Protocol.Outbox<Speaks<Cat | Dog>>>().type.toBeAssignableTo<Protocol.Outbox<Speaks<Cat>>>()
    expect<Protocol.Immediate<Speaks<Cat | Dog>>>().type.toBeAssignableTo<Protocol.Immediate<Speaks<Cat>>>()
  })

  test("an outbox for fewer messages does not serve where more are sent", () => {
    expect<Protocol.Outbox<Speaks<Cat>>>().type.not.toBeAssignableTo<Protocol.Outbox<Speaks<Cat | Dog>>>()
    expect<Protocol.Immediate<Speaks<Cat>>>().type.not.toBeAssignableTo<Protocol.Immediate<Speaks<Cat | Dog>>>()
  })

  test("send takes a node's id and the protocol's own message", () => {
    const { send } = {} as Protocol.Outbox<Echo>
    expect(send).type.toBeCallableWith("a" as NodeId, "hello")
    expect(send).type.not.toBeCallableWith("a" as NodeId, 1)
    expect(send).type.not.toBeCallableWith(1, "hello")
  })

  test("a protocol without timers, records, requests or events can neither arm, persist, reply nor emit", () => {
    const out = {} as Protocol.Outbox<Echo>
    expect(out.setTimer).type.not.toBeCallableWith("tick", 1)
    expect(out.persist).type.not.toBeCallableWith({})
    expect(out.reply).type.not.toBeCallableWith({} as Protocol.RequestId, "yes")
    expect(out.emit).type.not.toBeCallableWith("seen")
  })

  test("past the gate go only send, reply and emit", () => {
    expect<keyof Protocol.Outbox<Echo>["now"]>().type.toBe<"send" | "reply" | "emit">()
  })
})

describe("RequestId", () => {
  test("a number is no request id, a request id is a number", () => {
    expect<number>().type.not.toBeAssignableTo<Protocol.RequestId>()
    expect<Protocol.RequestId>().type.toBeAssignableTo<number>()
  })
})

describe("make", () => {
  test("handlers are contextually typed by the vocabulary", () => {
    const protocol = Protocol.make<Echo>({
      name: "echo",
      start: () => 0,
      onMessage: (state, from, message, out) => {
        expect(state).type.toBe<number>()
        expect(from).type.toBe<NodeId>()
        expect(message).type.toBe<string>()
        expect(out).type.toBe<Protocol.Outbox<Echo>>()
        return state + 1
      }
    })
    expect(protocol).type.toBe<Protocol.Protocol<Echo>>()
    expect(Protocol.emptyDurable(protocol)).type.toBe<undefined>()
  })

  test("a handler must return the protocol's state", () => {
    expect(Protocol.make<Echo>).type.not.toBeCallableWith({ name: "echo", start: () => "zero", onMessage: () => 0 })
  })
})
