/**
 * An immutable map from strings whose versions share their structure: a hash array mapped trie with five bits a level.
 *
 * Cost: `get`, `set` and `delete` O(log32 n), with at most one path copied. The shape depends on the content alone, never on how it came about, so equal maps
 * iterate in the same order on every machine. Keys that are made to collide cost O(collisions).
 * Source: P. Bagwell, "Ideal Hash Trees", 2001; canonical deletion as in Steindorfer and Vinju, "Optimizing Hash-Array Mapped Tries", 2015.
 *
 * @since 0.1.0
 */

/** One key. */
class Leaf<V> {
  constructor(readonly hash: number, readonly key: string, readonly value: V) {}
}

/** At least two keys of one hash, sorted. */
class Collision<V> {
  constructor(readonly hash: number, readonly leaves: ReadonlyArray<Leaf<V>>) {}
}

/** Children by five bits of the hash; the n-th set bit of `bitmap` belongs to the n-th child. Never one that is only a leaf or a collision, but at the root. */
class Branch<V> {
  /** `owner`: the draft that made it and may change it while it lasts; everybody else sees it as it is for ever. */
  constructor(public bitmap: number, readonly children: Array<Node<V>>, readonly owner: Owner | undefined) {}
}

/** Known by its identity. */
type Owner = object

type Node<V> = Leaf<V> | Collision<V> | Branch<V>

/**
 * @example
 * ```ts
 * const map = PersistentMap.empty<number>().set("a", 1)
 * map.set("a", 2).get("a") // 2
 * map.get("a") // 1
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class PersistentMap<out V> {
  private static readonly none: PersistentMap<never> = new PersistentMap<never>(undefined, 0)

  private constructor(private readonly root: Node<V> | undefined, readonly size: number) {}

  /** The map without keys. */
  static empty<V>(): PersistentMap<V> {
    return PersistentMap.none
  }

  /** The map of these entries; of several with one key the last one counts. */
  static from<V>(entries: Iterable<readonly [string, V]>): PersistentMap<V> {
    const draft = PersistentMap.draft(PersistentMap.empty<V>())
    for (const [key, value] of entries) draft.set(key, value)
    return draft.finish()
  }

  /** For many changes of a map at once. */
  static draft<V>(map: PersistentMap<V>): Draft<V> {
    return new Draft<V>(
      map,
      map.root,
      (root, size) => root === undefined ? PersistentMap.none : new PersistentMap(root, size)
    )
  }

  get(key: string): V | undefined {
    return leafOf(this.root, key)?.value
  }

  has(key: string): boolean {
    return leafOf(this.root, key) !== undefined
  }

  /** The map with this entry; itself, where it has it. */
  set(key: string, value: V): PersistentMap<V> {
    const leaf = new Leaf(hashOf(key), key, value)
    if (this.root === undefined) return new PersistentMap<V>(leaf, 1)
    const change = new Change(undefined)
    const root = insert(this.root, leaf, 0, change)
    return root === this.root ? this : new PersistentMap(root, this.size + change.grown)
  }

  /** The map without this key; itself, where it lacks it. */
  delete(key: string): PersistentMap<V> {
    if (this.root === undefined) return this
    const root = remove(this.root, hashOf(key), key, 0)
    if (root === this.root) return this
    return root === undefined ? PersistentMap.none : new PersistentMap(root, this.size - 1)
  }

  /** In an order that is a function of the content. */
  *[Symbol.iterator](): IterableIterator<readonly [string, V]> {
    if (this.root !== undefined) yield* walk(this.root)
  }

  /** What JSON and canonical encodings see: the entries sorted by key. */
  toJSON(): ReadonlyArray<readonly [string, V]> {
    return [...this].sort(([a], [b]) => a < b ? -1 : 1)
  }
}

/**
 * Changes to a map of which nobody sees the versions between: what a draft has made it changes in place, so a batch copies the paths that its keys share once.
 *
 * @since 0.1.0
 * @category models
 */
export class Draft<in out V> {
  /** How many keys there are. */
  size: number
  private isChanged = false
  private owner: Owner = {}

  /** @internal */
  constructor(
    private map: PersistentMap<V>,
    private root: Node<V> | undefined,
    private readonly make: (root: Node<V> | undefined, size: number) => PersistentMap<V>
  ) {
    this.size = map.size
  }

  get(key: string): V | undefined {
    return leafOf(this.root, key)?.value
  }

  set(key: string, value: V): void {
    const leaf = new Leaf(hashOf(key), key, value)
    const change = new Change(this.owner)
    this.root = this.root === undefined ? placed(leaf, change) : insert(this.root, leaf, 0, change)
    this.isChanged ||= change.isMade
    this.size += change.grown
  }

  /** Whether the key was there. */
  delete(key: string): boolean {
    if (this.root === undefined) return false
    const root = remove(this.root, hashOf(key), key, 0)
    if (root === this.root) return false
    this.root = root
    this.isChanged = true
    this.size--
    return true
  }

  /** The map as it is now; the one that the draft began with, where nothing has changed. What the draft is told later does not reach it. */
  finish(): PersistentMap<V> {
    if (this.isChanged) this.map = this.make(this.root, this.size)
    this.isChanged = false
    this.owner = {}
    return this.map
  }
}

/** What an insertion did. */
class Change {
  grown = 0
  isMade = false
  constructor(readonly owner: Owner | undefined) {}
}

const placed = <A>(node: A, change: Change): A => {
  change.grown = 1
  change.isMade = true
  return node
}

const leafOf = <V>(root: Node<V> | undefined, key: string): Leaf<V> | undefined => {
  const hash = hashOf(key)
  let node = root
  for (let shift = 0; node !== undefined; shift += 5) {
    if (node instanceof Branch) {
      const bit = 1 << ((hash >>> shift) & 31)
      node = (node.bitmap & bit) === 0 ? undefined : node.children[ones(node.bitmap & (bit - 1))]
    } else if (node instanceof Leaf) return node.key === key ? node : undefined
    else return node.leaves.find((leaf) => leaf.key === key)
  }
  return undefined
}

const insert = <V>(node: Node<V>, leaf: Leaf<V>, shift: number, change: Change): Node<V> => {
  if (node instanceof Branch) {
    const bit = 1 << ((leaf.hash >>> shift) & 31)
    const at = ones(node.bitmap & (bit - 1))
    const isOwn = node.owner !== undefined && node.owner === change.owner
    if ((node.bitmap & bit) === 0) {
      placed(leaf, change)
      if (!isOwn) return new Branch(node.bitmap | bit, inserted(node.children, at, leaf), change.owner)
      node.bitmap |= bit
      node.children.splice(at, 0, leaf)
      return node
    }
    const child = node.children[at]!
    const next = insert(child, leaf, shift + 5, change)
    if (next === child) return node
    if (!isOwn) return new Branch(node.bitmap, replaced(node.children, at, next), change.owner)
    node.children[at] = next
    return node
  }
  if (node instanceof Leaf) {
    if (node.key === leaf.key) {
      if (Object.is(node.value, leaf.value)) return node
      change.isMade = true
      return leaf
    }
    placed(leaf, change)
    return node.hash === leaf.hash
      ? new Collision(leaf.hash, node.key < leaf.key ? [node, leaf] : [leaf, node])
      : split(node, leaf, shift, change)
  }
  if (node.hash !== leaf.hash) {
    placed(leaf, change)
    return split(node, leaf, shift, change)
  }
  const found = node.leaves.findIndex((other) => other.key === leaf.key)
  if (found >= 0) {
    if (Object.is(node.leaves[found]!.value, leaf.value)) return node
    change.isMade = true
    return new Collision(node.hash, replaced(node.leaves, found, leaf))
  }
  placed(leaf, change)
  const after = node.leaves.findIndex((other) => other.key > leaf.key)
  return new Collision(node.hash, inserted(node.leaves, after < 0 ? node.leaves.length : after, leaf))
}

/** The smallest tree that tells two hashes apart, which differ somewhere from `shift` on. */
const split = <V>(a: Leaf<V> | Collision<V>, b: Leaf<V>, shift: number, change: Change): Branch<V> => {
  const i = (a.hash >>> shift) & 31
  const j = (b.hash >>> shift) & 31
  if (i === j) return new Branch<V>(1 << i, [split(a, b, shift + 5, change)], change.owner)
  return new Branch<V>((1 << i) | (1 << j), i < j ? [a, b] : [b, a], change.owner)
}

const remove = <V>(node: Node<V>, hash: number, key: string, shift: number): Node<V> | undefined => {
  if (node instanceof Leaf) return node.key === key ? undefined : node
  if (node instanceof Collision) {
    const found = node.hash === hash ? node.leaves.findIndex((leaf) => leaf.key === key) : -1
    if (found < 0) return node
    const rest = without(node.leaves, found)
    return rest.length === 1 ? rest[0] : new Collision(hash, rest)
  }
  const bit = 1 << ((hash >>> shift) & 31)
  if ((node.bitmap & bit) === 0) return node
  const at = ones(node.bitmap & (bit - 1))
  const child = node.children[at]!
  const next = remove(child, hash, key, shift + 5)
  if (next === child) return node
  const children = next === undefined ? without(node.children, at) : replaced(node.children, at, next)
  // a lone key moves up to where it would be if it had always been alone
  if (children.length === 0) return undefined
  if (children.length === 1 && !(children[0] instanceof Branch)) return children[0]
  return new Branch(next === undefined ? node.bitmap & ~bit : node.bitmap, children, undefined)
}

function* walk<V>(node: Node<V>): IterableIterator<readonly [string, V]> {
  if (node instanceof Leaf) yield [node.key, node.value]
  else if (node instanceof Collision) { for (const leaf of node.leaves) yield [leaf.key, leaf.value] }
  else for (const child of node.children) yield* walk(child)
}

const replaced = <A>(items: ReadonlyArray<A>, at: number, item: A): Array<A> => {
  const copy = items.slice()
  copy[at] = item
  return copy
}

const inserted = <A>(items: ReadonlyArray<A>, at: number, item: A): Array<A> => {
  const copy: Array<A> = []
  for (let i = 0; i < at; i++) copy.push(items[i]!)
  copy.push(item)
  for (let i = at; i < items.length; i++) copy.push(items[i]!)
  return copy
}

const without = <A>(items: ReadonlyArray<A>, at: number): Array<A> => {
  const copy = items.slice()
  copy.splice(at, 1)
  return copy
}

/** How many bits are set. */
const ones = (bits: number): number => {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** FNV-1a over UTF-16 units, then mixed so that every bit of it counts in the first levels. */
const hashOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
