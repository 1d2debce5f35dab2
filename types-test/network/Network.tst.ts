import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Codec from "synod/network/Codec"
import * as Network from "synod/network/Network"
import { describe, expect, test } from "tstyche"

type Cat = { readonly _tag: "Cat" }
type Dog = { readonly _tag: "Dog" }

describe("Codec", () => {
  test("fromSchema keeps the Type side of its Schema, not the encoded one", () => {
    expect(Codec.fromSchema(Schema.NumberFromString)).type.toBe<Codec.Codec<number>>()
    expect(Codec.fromSchema(Schema.Date)).type.toBe<Codec.Codec<Date>>()
  })

  test("a Schema that needs services has no codec", () => {
    expect(Codec.fromSchema).type.not.toBeCallableWith({} as Schema.Schema<number, number, "a service">)
  })
})

describe("Endpoint", () => {
  test("is contravariant in what it sends", () => {
    expect<Network.Endpoint<Cat | Dog>>().type.toBeAssignableTo<Network.Endpoint<Cat>>()
    expect<Network.Endpoint<Cat>>().type.not.toBeAssignableTo<Network.Endpoint<Cat | Dog>>()
  })
})

describe("join", () => {
  test("infers the message from the codec, and needs a Scope and nothing else", () => {
    const network = {} as Network.NetworkService
    const joined = network.join({
      node: {} as Network.JoinOptions<number>["node"],
      codec: Codec.fromSchema(Schema.Number),
      receive: (_from, message) => expect(message).type.toBe<number>()
    })
    expect(joined).type.toBe<Effect.Effect<Network.Endpoint<number>, Network.NetworkJoinError, Scope.Scope>>()
  })
})

describe("layers", () => {
  test("memory cannot fail, TCP can only fail to listen, neither needs anything", () => {
    expect(Network.layerMemory()).type.toBe<Layer.Layer<Network.Network>>()
    expect<ReturnType<typeof Network.layerTcp>>().type.toBe<Layer.Layer<Network.Network, Network.NetworkListenError>>()
  })
})
