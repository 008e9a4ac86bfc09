/** PyTorch's files: spoilt pickles in sound archives, views that lie, and attacks. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Random } from '../../support/random-numbers'
import { bytes, call, dict, global, int, list, MARK, pickleOf, storage, text, tuple, view } from '../../support/pickle'
import { zipOf } from '../../support/zip'
import { mutate } from '../mutate'
import type { Seed, Target } from '../types'
import { readAll } from './tensors'

const CONTAINERS = resolve('tests/fixtures/containers')
const seeds: Seed[] = ['tensors.pt', 'protocol4.pt', 'nested.pt', 'checkpoint.pt', 'state-dict.pt', 'module.pt', 'bare-tensor.pt'].map(
  (name) => ({ name, bytes: readFileSync(join(CONTAINERS, name)) })
)

/** The pickle of a seed, as it lies in the archive: stored, and ended by STOP before the padding of the next member. */
function pickleIn({ bytes: archive }: Seed): Buffer {
  const start = archive.indexOf(Buffer.from('8002', 'hex'))
  const found = start < 0 ? archive.indexOf(Buffer.from('8004', 'hex')) : start
  const end = archive.indexOf(Buffer.from('504b', 'hex'), found)
  return archive.subarray(found, end)
}
const pickles: Seed[] = seeds.map((seed) => ({ name: seed.name, bytes: pickleIn(seed) }))

const ATTACKS: readonly [module: string, name: string][] = [
  ['os', 'system'],
  ['posix', 'system'],
  ['nt', 'system'],
  ['subprocess', 'call'],
  ['builtins', 'eval'],
  ['builtins', 'exec'],
  ['__builtin__', 'eval'],
  ['builtins', 'getattr'],
  ['builtins', '__import__'],
  ['runpy', '_run_code'],
  ['torch', 'load'],
  ['torch.hub', 'load'],
  ['collections', 'OrderedDict'],
  ['collections', 'defaultdict'],
  ['functools', 'partial'],
  ['__main__', 'Class'],
  ['', ''],
  ['a'.repeat(400), 'b'],
  ['__proto__', 'constructor'],
  ['constructor', 'constructor']
]

const SIZES = [0, 1, 2, 3, 4, 6, 12, 13, 1000, 2 ** 24 + 1, 2 ** 31, 2 ** 40, 2 ** 52, -1]

/** Any value a pickle may hold, small ones most of the time. */
function value(random: Random, depth: number): Buffer {
  const some = (): Buffer[] => Array.from({ length: random.below(4) }, () => value(random, depth - 1))
  const kind = random.below(depth > 0 ? 16 : 8)
  if (kind < 3) return tensor(random)
  if (kind === 3) return int(random.pick([0, 1, -1, 32, 2 ** 40, Number.MAX_SAFE_INTEGER]))
  if (kind === 4) return text(random.pick(['TopK', '', 'x'.repeat(3000), '__proto__', 'ü']))
  if (kind === 5)
    return random.pick([
      bytes(0x4e),
      bytes(0x88),
      bytes(0x89),
      Buffer.concat([bytes(0x47), Buffer.alloc(8, random.below(256))]),
      bytes(0x8a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    ])
  if (kind === 6) return bytes(0x68, random.below(4))
  if (kind === 7) return bytes(0x43, 3, 1, 2, 3)
  if (kind === 8) return list(...some())
  if (kind === 9) return tuple(...some())
  if ((kind === 10 || kind === 11) && random.below(4) > 0) return list(...some()) // every attack is refused
  if (kind === 10) return call(global(...random.pick(ATTACKS)), text('touch executed'), ...some())
  if (kind === 11)
    return Buffer.concat([
      global(...random.pick(ATTACKS)),
      tuple(...some()),
      bytes(random.pick([0x52, 0x81, 0x92])),
      random.below(2) === 0 ? Buffer.concat([dict(), bytes(0x62)]) : bytes()
    ])
  if (kind === 12) return Buffer.concat([value(random, depth - 1), bytes(0x71, random.below(4))])
  if (kind === 13) return call(global('torch._utils', '_rebuild_parameter'), value(random, depth - 1), bytes(0x88), dict())
  return table(random, depth - 1)
}

const table = (random: Random, depth: number): Buffer =>
  dict(...Array.from({ length: random.below(5) }, (_, i) => [key(random, i), value(random, depth)]).flat())
const key = (random: Random, i: number): Buffer =>
  random.below(8) > 0 ? text(`k${i}`) : random.pick([text('w'), text('__proto__'), text('a.b'), int(i), bytes(0x4e), tuple()])

/** A view of one of the storages; most are honest, or a file of several would never be read. */
function tensor(random: Random): Buffer {
  if (random.below(4) > 0) {
    const shape = Array.from({ length: random.below(3) }, () => random.below(4))
    const strides = shape.map(() => random.below(4))
    return view(
      storage('0', 12, random.pick(['FloatStorage', 'HalfStorage', 'BFloat16Storage', 'IntStorage'])),
      random.below(2),
      shape,
      strides
    )
  }
  const sizes = (count: number): number[] => Array.from({ length: count }, () => random.pick(SIZES))
  const axes = random.below(4)
  const type = random.pick(['FloatStorage', 'DoubleStorage', 'BoolStorage', 'QInt8Storage', 'UntypedStorage', '__proto__'])
  const key = random.pick(['0', '0', '0', '1', '2', '../data.pkl', ''])
  const base = random.below(8) === 0 ? value(random, 0) : storage(key, random.pick([12, 12, 6, 48, 0, 13, 2 ** 40]), type)
  return view(base, random.pick([0, 0, 1, 5, 12, 2 ** 50, -1]), sizes(axes), sizes(random.pick([axes, axes, axes, 1])))
}

function craft(random: Random): Buffer {
  const members = [
    { name: 'a/data/0', data: Buffer.alloc(48, 0x3c) },
    { name: 'a/data/1', data: Buffer.alloc(random.pick([0, 1, 400])) }
  ]
  if (random.below(10) === 0)
    members.push({
      name: random.pick(['a/byteorder', 'a/version', 'a/constants.pkl', 'b/data.pkl', 'a/code/x.py']),
      data: Buffer.from(random.pick(['little', 'big', '']))
    })
  return zipOf([{ name: 'a/data.pkl', data: pickle(random) }, ...members])
}

function pickle(random: Random): Buffer {
  const kind = random.below(10)
  if (kind < 3) return mutate(random, random.pick(pickles), pickles).bytes
  if (kind === 3) return pickleOf(bomb(random))
  if (kind === 4) return pickleOf(Buffer.concat(Array.from({ length: random.pick([1, 10, 300]) }, () => value(random, 1))))
  if (kind === 5) return pickleOf(Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256))))
  return pickleOf(table(random, 4))
}

/** Few bytes that stand for many values, or for a depth without end. */
function bomb(random: Random): Buffer {
  const width = random.pick([2, 10, 200])
  const levels = random.pick([5, 20, 200])
  const [open, close] = random.pick([
    [0x5d, 0x65],
    [0x7d, 0x75]
  ] as const)
  const level = (i: number): Buffer =>
    Buffer.concat([
      bytes(open, MARK),
      ...Array.from({ length: width }, (_, j) => (open === 0x5d ? bytes(0x68, i) : Buffer.concat([text(`k${j}`), bytes(0x68, i)]))),
      bytes(close, 0x71, i + 1)
    ])
  const all = Array.from({ length: levels }, (_, i) => level(i % 250))
  const many = random.pick([1000, 30_000, 250_000])
  return random.pick([
    () => Buffer.concat([bytes(MARK), list(int(1)), bytes(0x71, 0), ...all, bytes(0x74)]),
    // A list that holds itself.
    () => Buffer.concat([list(), bytes(0x71, 0, 0x68, 0, 0x61)]),
    // Lists in lists, marks in marks, tables without number, names without number below a long one.
    () => Buffer.concat([Buffer.alloc(random.pick([20, 40, 100_000]), 0x5d), Buffer.alloc(39, 0x61)]),
    () => Buffer.alloc(random.pick([900, 1100, 500_000]), MARK),
    () => Buffer.concat([bytes(MARK), Buffer.alloc(many, 0x7d), bytes(0x74)]),
    () => dict(text('x'.repeat(500)), flood(Math.min(many, 30_000)))
  ])()
}

const flood = (count: number): Buffer =>
  Buffer.concat([bytes(0x7d, MARK), ...Array.from({ length: count }, (_, i) => Buffer.concat([text(String(i)), bytes(0x4e)])), bytes(0x75)])

export const torch: Target = { name: 'torch', file: (seed) => seed, seeds: () => seeds, craft, read: readAll }
