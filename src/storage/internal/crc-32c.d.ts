/** The types that `crc-32` does not ship for its Castagnoli variant. */
declare module "crc-32/crc32c.js" {
  const crc32c: { readonly buf: (data: Uint8Array, seed?: number) => number }
  export default crc32c
}
