/**
 * Addresses as people write them: `host:port`, `[::1]:port`.
 *
 * @since 0.1.0
 */
import type { Address } from "../../network/Network.js"

/** The address, or undefined where the text is none. Port 0 is one: it takes a free port. */
export const parseAddress = (text: string): Address | undefined => {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || !(port <= 65_535) ? undefined : { host, port }
}

/** As `parseAddress` reads it. */
export const formatAddress = ({ host, port }: Address): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`

/** Whether only this machine can reach it. */
export const isLoopback = ({ host }: Address): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

/** Why nothing listens at an address, by the system's code. */
export const cannotListen = (option: string, address: Address, code: string): string =>
  `--${option}: cannot listen on ${formatAddress(address)}: ${reasons[code] ?? code}`

const reasons: { readonly [code: string]: string } = {
  EADDRINUSE: "the port is in use (EADDRINUSE)",
  EADDRNOTAVAIL: "the address is not one of this machine (EADDRNOTAVAIL)",
  EACCES: "permission denied (EACCES)",
  ENOTFOUND: "no such host (ENOTFOUND)"
}
