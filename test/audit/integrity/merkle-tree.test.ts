import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CompactRange } from '../../../src/audit/integrity/compact-range.js'
import { leafHash } from '../../../src/audit/integrity/merkle-hash.js'
import { consistencyPath, inclusionPath, rootOf, subtreesOf } from '../../../src/audit/integrity/subtree.js'
import { verifyConsistency } from '../../../src/audit/integrity/verify-consistency.js'
import { verifyInclusion } from '../../../src/audit/integrity/verify-inclusion.js'
import { auditPath, consistencyProof, treeHash } from './naive-tree.js'

/** The eight leaves that logs of Certificate Transparency are tested with, and the roots after each. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => Buffer.from(hex, 'hex'),
)
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const numbered = (size: number) => Array.from({ length: size }, (_, at) => Buffer.from(String(at)))
const hashed = (leaves: readonly Buffer[]) => ({
  root: grown(leaves).root(),
  hashesOf: (path: readonly { start: number; end: number }[]) =>
    path.map(({ start, end }) => {
      const parts = subtreesOf({ start, end })
      return rootOf(
        parts.map(({ level, index }) => treeHash(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))),
      )
    }),
})
function grown(leaves: readonly Buffer[]): CompactRange {
  const range = new CompactRange()
  for (const leaf of leaves) range.append(leafHash(leaf))
  return range
}

describe('the published vectors', () => {
  test('an empty tree', () => {
    expect(new CompactRange().root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
  })

  test('the roots of one to eight leaves', () => {
    expect(
      LEAVES.map((_, at) =>
        grown(LEAVES.slice(0, at + 1))
          .root()
          .toString('hex'),
      ),
    ).toEqual(ROOTS)
  })

  test('the example of RFC 6962 §2.1.3: paths of seven leaves, proofs from three, four and six', () => {
    const seven = LEAVES.slice(0, 7)
    const range = (start: number, end: number) => ({ start, end })
    expect(inclusionPath(0, 7)).toEqual([range(1, 2), range(2, 4), range(4, 7)])
    expect(inclusionPath(3, 7)).toEqual([range(2, 3), range(0, 2), range(4, 7)])
    expect(inclusionPath(4, 7)).toEqual([range(5, 6), range(6, 7), range(0, 4)])
    expect(inclusionPath(6, 7)).toEqual([range(4, 6), range(0, 4)])
    expect(consistencyPath(3, 7)).toEqual([range(2, 3), range(3, 4), range(0, 2), range(4, 7)])
    expect(consistencyPath(4, 7)).toEqual([range(4, 7)])
    expect(consistencyPath(6, 7)).toEqual([range(4, 6), range(6, 7), range(0, 4)])
    expect(hashed(seven).root.toString('hex')).toBe(ROOTS[6])
  })
})

test('every size to 24: roots, paths and proofs are those of the definitions', () => {
  for (let size = 1; size <= 24; size++) {
    const leaves = numbered(size)
    const { root, hashesOf } = hashed(leaves)
    expect(root).toEqual(treeHash(leaves))
    for (let at = 0; at < size; at++) expect(hashesOf(inclusionPath(at, size))).toEqual(auditPath(at, leaves))
    for (let at = 1; at <= size; at++) {
      expect(hashesOf(consistencyPath(at, size))).toEqual(consistencyProof(at, leaves))
    }
  }
})

const someTree = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat())
  .map(([size, at, before]) => ({ leaves: numbered(size), at: at % size, before: (before % size) + 1 }))

describe('a proof', () => {
  test('of inclusion verifies, and neither for another position nor for another leaf, root or path', () => {
    fc.assert(
      fc.property(someTree, fc.nat(), ({ leaves, at }, salt) => {
        const root = treeHash(leaves)
        const proof = { position: at, size: leaves.length, path: auditPath(at, leaves) }
        const leaf = leafHash(leaves[at]!)
        expect(verifyInclusion(leaf, proof, root)).toBe(true)
        expect(verifyInclusion(leafHash(Buffer.from('another')), proof, root)).toBe(false)
        expect(verifyInclusion(leaf, proof, leafHash(root))).toBe(false)
        expect(verifyInclusion(leaf, { ...proof, position: at + 1 }, root)).toBe(false)
        expect(verifyInclusion(leaf, { ...proof, path: [...proof.path, root] }, root)).toBe(false)
        if (proof.path.length > 0) {
          const without = proof.path.filter((_, index) => index !== salt % proof.path.length)
          expect(verifyInclusion(leaf, { ...proof, path: without }, root)).toBe(false)
        }
      }),
    )
  })

  test('of consistency verifies, and neither for another old root, another new one, nor another path', () => {
    fc.assert(
      fc.property(someTree, ({ leaves, before }) => {
        const old = { size: before, root: treeHash(leaves.slice(0, before)) }
        const now = { size: leaves.length, root: treeHash(leaves) }
        const path = consistencyProof(before, leaves)
        expect(verifyConsistency(old, now, path)).toBe(true)
        expect(verifyConsistency({ ...old, root: leafHash(old.root) }, now, path)).toBe(false)
        expect(verifyConsistency(old, { ...now, root: leafHash(now.root) }, path)).toBe(false)
        expect(verifyConsistency(old, now, [...path, now.root])).toBe(false)
        expect(verifyConsistency(old, now, path.slice(1))).toBe(path.length === 0)
        expect(verifyConsistency({ ...old, size: before + leaves.length }, now, path)).toBe(false)
      }),
    )
  })

  test('between positions that 32 bits do not hold is planned as the definitions say', () => {
    const size = 2 ** 40 + 3
    expect(inclusionPath(2 ** 40 + 2, size)).toEqual([
      { start: 2 ** 40, end: 2 ** 40 + 2 },
      { start: 0, end: 2 ** 40 },
    ])
    expect(subtreesOf({ start: 0, end: size })).toEqual([
      { level: 40, index: 0 },
      { level: 1, index: 2 ** 39 },
      { level: 0, index: 2 ** 40 + 2 },
    ])
  })

  test('every tree extends the empty one, and of numbers that are none nothing verifies', () => {
    const root = treeHash(numbered(3))
    expect(verifyConsistency({ size: 0, root: treeHash([]) }, { size: 3, root }, [])).toBe(true)
    expect(verifyConsistency({ size: Number.NaN, root }, { size: 3, root }, [])).toBe(false)
    expect(verifyInclusion(root, { position: -1, size: 3, path: [] }, root)).toBe(false)
    expect(verifyInclusion(root, { position: 0.5, size: 1, path: [] }, root)).toBe(false)
  })
})

test('a range says which subtrees a leaf completes', () => {
  const range = grown(numbered(7))
  const leaves = numbered(8)
  expect(range.append(leafHash(leaves[7]!))).toEqual([
    { level: 1, index: 3, hash: treeHash(leaves.slice(6)) },
    { level: 2, index: 1, hash: treeHash(leaves.slice(4)) },
    { level: 3, index: 0, hash: treeHash(leaves) },
  ])
})
