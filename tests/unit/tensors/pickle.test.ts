/** PyTorch files whose pickle lies or attacks. Every refusal is checked to have run nothing. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTensor, readTensorFile, type TensorFile } from '../../../src/main/tensors/tensor-file'
import { failureOf } from '../../support/failing'
import { removeFolder, temporaryFolderForFile } from '../../support/file-folder'
import { bytes, call, dict, global, int, list, MARK, pickleOf, storage, text, tuple, view } from '../../support/pickle'
import { zipOf, type MemberToWrite } from '../../support/zip'

let folder = ''
beforeAll(async () => {
  folder = await temporaryFolderForFile()
})
afterAll(() => removeFolder(folder))

const floats = (count: number): Buffer => Buffer.from(Float32Array.from({ length: count }, (_, i) => i).buffer)

let made = 0
/** Opens a file with this pickle and a storage "0" of 12 float32 numbers. */
async function open(pickle: Buffer, members: readonly MemberToWrite[] = [{ name: 'a/data/0', data: floats(12) }]): Promise<TensorFile> {
  const path = join(folder, `${made++}.pt`)
  await writeFile(path, zipOf([{ name: 'a/data.pkl', data: pickle }, ...members]))
  return await readTensorFile(path)
}

const refusal = (pickle: Buffer, members?: readonly MemberToWrite[]): Promise<string> => failureOf(() => open(pickle, members))

it('a state dict is read', async () => {
  const file = await open(pickleOf(dict(text('w'), view(storage('0', 12), 2, [2, 3], [1, 4]), text('k'), int(32))))
  expect([...(await readTensor(file, 'w'))]).toEqual([2, 6, 10, 3, 7, 11])
  expect([...file.values]).toEqual([['k', 32]])
})

it('keys of objects named like parts of JavaScript are only names', async () => {
  const file = await open(
    pickleOf(dict(text('__proto__'), dict(text('polluted'), int(1)), text('constructor'), list(dict(text('__proto__'), int(7)))))
  )
  expect([...file.values]).toEqual([
    ['__proto__.polluted', 1],
    ['constructor', [JSON.parse('{"__proto__": 7}')]]
  ])
  expect('polluted' in {}).toBe(false)
})

describe('an attack is refused and runs nothing', () => {
  const marker = (): string => join(folder, 'executed')
  const command = (): Buffer => text(`touch ${marker()}`)
  const attacks: [what: string, make: () => Buffer, text: RegExp][] = [
    [
      'os.system',
      () => call(global('os', 'system'), command()),
      /was refused: it asks to run os\.system, which no file of weights needs\. Nothing in it was executed\./
    ],
    [
      'posix.system beside tensors',
      () => dict(text('w'), view(storage('0', 12), 0, [3], [1]), text('x'), call(global('posix', 'system'), command())),
      /asks to run posix\.system/
    ],
    ['nt.system', () => call(global('nt', 'system'), command()), /asks to run nt\.system/],
    ['builtins.eval', () => call(global('builtins', 'eval'), text('1')), /asks to run builtins\.eval/],
    ['__builtin__.exec', () => call(global('__builtin__', 'exec'), text('1')), /asks to run __builtin__\.exec/],
    [
      'builtins.getattr to reach further',
      () => call(call(global('builtins', 'getattr'), global('os', 'x'), text('system')), command()),
      /asks to run builtins\.getattr/
    ],
    ['subprocess.Popen', () => call(global('subprocess', 'Popen'), list(text('touch'), text(marker()))), /asks to run subprocess\.Popen/],
    [
      'a function by stack',
      () => Buffer.concat([text('os'), text('system'), bytes(0x93), tuple(command()), bytes(0x52)]),
      /asks to run os\.system/
    ],
    ['runpy', () => call(global('runpy', '_run_code'), text('1')), /asks to run runpy\._run_code/],
    [
      'torch loading another pickle',
      () => call(global('torch.serialization', 'load'), text('x')),
      /asks to run torch\.serialization\.load/
    ],
    ['a nested pickle', () => call(global('pickle', 'loads'), text('x')), /asks to run pickle\.loads/],
    [
      'a call of a call',
      () => call(call(global('some.module', 'f'), text('x')), text('y')),
      /it holds a pickled object \(some\.module\.f\), not tensors/
    ],
    [
      'a new object',
      () => Buffer.concat([global('some.module', 'Class'), tuple(), bytes(0x81)]),
      /it holds a pickled object \(some\.module\.Class\)/
    ],
    [
      'an object by name',
      () => Buffer.concat([bytes(0x69), Buffer.from('os\nsystem\n')]),
      /it uses the operation 0x69, which plain data does not need/
    ],
    ['an extension code', () => bytes(0x82, 1), /it uses the operation 0x82/],
    ['an attribute of plain data', () => Buffer.concat([list(), dict(), bytes(0x62)]), /it sets attributes of plain data/],
    ['a call of a text', () => call(text('os.system'), command()), /it calls something that is not a name/]
  ]
  it.each(attacks)('%s', async (_, make, expected) => {
    expect(await refusal(pickleOf(make()))).toMatch(expected)
    expect(existsSync(marker())).toBe(false)
  })

  it('an unknown object beside tensors is never loaded, only named', async () => {
    const file = await open(
      pickleOf(dict(text('w'), view(storage('0', 12), 0, [3], [1]), text('x'), call(global('some.module', 'run'), command())))
    )
    expect(file.notes).toEqual(['x is an object (some.module.run), which is not loaded.'])
    expect(existsSync(marker())).toBe(false)
  })
})

describe('a pickle that would fill memory or the stack is refused', () => {
  it('lists in lists in lists', async () => {
    const deep = Buffer.concat([...Array.from({ length: 200 }, () => bytes(0x5d)), ...Array.from({ length: 199 }, () => bytes(0x61))])
    expect(await refusal(pickleOf(deep))).toMatch(/it nests more than 32 levels deep/)
    expect(await refusal(pickleOf(Buffer.alloc(5000, MARK)))).toMatch(/it nests more than 1000 levels deep/)
  })

  it('a list that holds itself', async () => {
    const self = Buffer.concat([list(), bytes(0x71, 0, 0x68, 0, 0x61)])
    expect(await refusal(pickleOf(self))).toMatch(/it nests more than 32 levels deep/)
  })

  it('a memo bomb: ten of ten of ten of the same', async () => {
    const level = (i: number): Buffer =>
      Buffer.concat([bytes(0x5d, 0x28), ...Array.from({ length: 10 }, () => bytes(0x68, i - 1)), bytes(0x65, 0x71, i)])
    const bomb = Buffer.concat([
      list(int(1)),
      bytes(0x71, 0),
      ...Array.from({ length: 20 }, (_, i) => Buffer.concat([level(i + 1), bytes(0x71, i + 1)]))
    ])
    expect(await refusal(pickleOf(Buffer.concat([bytes(MARK), bomb, bytes(0x74)])))).toMatch(/it unfolds to more than 200000 values/)
  })

  it('a huge integer, text or list of bytes that is not there', async () => {
    expect(await refusal(pickleOf(bytes(0x8a, 255)))).toMatch(/it ends in the middle of a value/)
    expect(await refusal(pickleOf(bytes(0x58, 255, 255, 255, 255)))).toMatch(/it ends in the middle of a value/)
    expect(await refusal(pickleOf(bytes(0x8d, 255, 255, 255, 255, 255, 255, 255, 255)))).toMatch(/it ends in the middle of a value/)
    expect(await refusal(pickleOf(bytes(0x8b, 255, 255, 255, 127)))).toMatch(/it uses the operation 0x8b/)
  })

  it('millions of operations', async () => {
    expect(await refusal(pickleOf(Buffer.concat([list(), Buffer.alloc(1_600_000, Buffer.from([0x4e, 0x61]))])))).toMatch(
      /it has more than 1500000 operations/
    )
  })

  it('a view that repeats a few numbers without end', async () => {
    const file = await open(pickleOf(dict(text('w'), view(storage('0', 12), 0, [1e6, 1e6], [0, 0]))))
    expect([...file.tensors]).toEqual([])
    expect(file.notes[0]).toMatch(/^w is an object \(a tensor that repeats 12 numbers 1000000000000 times\)/)
  })
})

describe('a pickle that lies is refused with the reason', () => {
  const w = (tensor: Buffer): Buffer => pickleOf(dict(text('w'), tensor))
  const cases: [what: string, pickle: Buffer, text: RegExp][] = [
    ['a storage that is not there', w(view(storage('7', 12), 0, [1], [1])), /the storage "7" is missing/],
    ['a storage with a path', w(view(storage('../../data.pkl', 12), 0, [1], [1])), /the storage "\.\.\/\.\.\/data\.pkl" is missing/],
    [
      'a storage longer than its member',
      w(view(storage('0', 13), 0, [1], [1])),
      /the storage 0 claims 13 elements of F32, but has 48 bytes/
    ],
    ['a storage of a wider type', w(view(storage('0', 12, 'DoubleStorage'), 0, [1], [1])), /claims 12 elements of F64, but has 48 bytes/],
    ['a view beyond its storage', w(view(storage('0', 12), 0, [13], [1])), /a tensor \[13\] reaches to element 13 of a storage of 12/],
    ['a view that begins beyond it', w(view(storage('0', 12), 12, [1], [1])), /reaches to element 13 of a storage of 12/],
    ['strides that lead beyond it', w(view(storage('0', 12), 0, [3, 4], [5, 1])), /reaches to element 14 of a storage of 12/],
    ['a size below zero', w(view(storage('0', 12), 0, [-1], [1])), /a tensor has a size that is not a count/],
    ['a stride below zero', w(view(storage('0', 12), 11, [12], [-1])), /a tensor has a size that is not a count/],
    ['more axes than strides', w(view(storage('0', 12), 0, [1, 1], [1])), /a tensor has 2 axes, but 1 strides/],
    ['too many axes', w(view(storage('0', 12), 0, Array<number>(65).fill(1), Array<number>(65).fill(1))), /a tensor has 65 axes/],
    [
      'a tensor without a storage',
      w(call(global('torch._utils', '_rebuild_tensor_v2'), int(0), int(0), tuple(), tuple())),
      /a tensor has no storage/
    ],
    ['a parameter without a tensor', w(call(global('torch._utils', '_rebuild_parameter'), int(0))), /a parameter holds no tensor/],
    ['a storage named by a number', w(Buffer.concat([int(1), bytes(0x51)])), /a storage is named in an unknown way/],
    ['two entries of one name', pickleOf(dict(text('a.b'), int(1), text('a'), dict(text('b'), int(2)))), /it has two entries named "a\.b"/],
    ['a name without end', pickleOf(dict(text('x'.repeat(2000)), int(1))), /the name of an entry has more than 512 characters/],
    ['a table in a table as a key', pickleOf(dict(tuple(), int(1))), /a table has a key that is neither a text nor a number/],
    ['values that are not there', pickleOf(bytes(0x85)), /it takes values that are not there/],
    ['a mark that is not there', pickleOf(bytes(0x74)), /it takes values that are not there/],
    ['a value that was never stored', pickleOf(bytes(0x68, 9)), /it recalls value 9, which it never stored/],
    ['an item of a number', pickleOf(Buffer.concat([int(1), int(2), bytes(0x61)])), /it appends to something that is not a list/],
    ['half a pair', pickleOf(Buffer.concat([dict(), bytes(MARK), int(1), bytes(0x75)])), /it sets items of something that is not a table/],
    ['a text that is not UTF-8', pickleOf(bytes(0x8c, 1, 0xff)), /it holds a text that is not UTF-8/],
    [
      'a name without end of line',
      pickleOf(Buffer.concat([bytes(0x63), Buffer.alloc(2000, 'x')])),
      /it names something with a text that does not end/
    ],
    ['a name that is a number', pickleOf(Buffer.concat([int(1), int(2), bytes(0x93)])), /it names something that is not a text/],
    [
      'a call without arguments',
      pickleOf(Buffer.concat([global('a', 'b'), int(1), bytes(0x52)])),
      /it calls something without a list of arguments/
    ],
    ['values left behind', pickleOf(Buffer.concat([int(1), int(2)])), /it leaves values behind/],
    ['bytes behind its end', Buffer.concat([pickleOf(int(1)), bytes(0)]), /bytes follow its end/],
    ['an unknown protocol', bytes(0x80, 9, 0x4e, 0x2e), /its pickle protocol 9 is not read/],
    ['no end', bytes(0x80, 2, 0x4e), /it ends in the middle of a value/]
  ]
  it.each(cases)('%s', async (_, pickle, expected) => {
    expect(await refusal(pickle)).toMatch(expected)
  })

  it('storages of types that are not read are named', async () => {
    const file = await open(pickleOf(dict(text('w'), view(storage('0', 3, 'QInt8Storage'), 0, [3], [1]))))
    expect(file.notes).toEqual(['w is an object (torch.QInt8Storage), which is not loaded.'])
  })

  it('archives PyTorch would not write are refused', async () => {
    const pickle = pickleOf(int(1))
    expect(await refusal(pickle, [{ name: 'a/byteorder', data: Buffer.from('big') }])).toMatch(
      /stored in the byte order "big", and only "little" is read/
    )
    expect(await refusal(pickle, [{ name: 'a/data/0', data: Buffer.alloc(99), deflate: true }])).toMatch(
      /"a\/data\/0" is compressed, which PyTorch never does/
    )
    expect(await refusal(pickle, [{ name: 'b/data.pkl', data: pickle }])).toMatch(/"b\/data\.pkl" is not in the folder a/)
    expect(await refusal(pickle, [{ name: 'a/code/x.py', data: pickle }])).toMatch(/it is a TorchScript program/)
  })
})
