/** Every container against files that NumPy and PyTorch wrote, value by value. All comparisons are exact. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  eachRowBlock,
  readBytesOf,
  readColumns,
  readRows,
  readTensor,
  readTensorFile,
  scalar,
  weightRef,
  type TensorFile
} from '../../../src/main/tensors/tensor-file'
import { bytesPerElement, isDtype, isFloat, numberOf, toFloat32 } from '../../../src/main/tensors/dtypes'
import { CONTAINERS, GOLDEN } from '../../support/containers'
import { failureOf } from '../../support/failing'

const open = (name: string): Promise<TensorFile> => readTensorFile(join(CONTAINERS, name))

/** Values of a tensor of any type, by its raw bytes. */
async function valuesOf(file: TensorFile, name: string): Promise<number[]> {
  const { dtype } = file.tensors.get(name) ?? { dtype: 'F32' }
  const bytes = await readBytesOf(file, name)
  const size = bytesPerElement(dtype)
  return Array.from({ length: bytes.length / size }, (_, i) => numberOf(bytes.subarray(i * size, (i + 1) * size), dtype))
}

describe.each(Object.entries(GOLDEN))('%s', (name, golden) => {
  it('has the tensors and plain values its writer put in', async () => {
    const file = await open(name)
    expect(Object.fromEntries([...file.tensors.values()].map(({ name, dtype, shape }) => [name, { dtype, shape }]))).toEqual(
      Object.fromEntries(Object.entries(golden.tensors).map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
    )
    expect(Object.fromEntries(file.values)).toEqual(golden.values)
    for (const [tensor, { values }] of Object.entries(golden.tensors)) {
      expect(await valuesOf(file, tensor), tensor).toEqual(values)
    }
  })

  const floats = Object.entries(golden.tensors).filter(([, { dtype }]) => isDtype(dtype) && isFloat(dtype))
  it.each(floats)('gives %s whole, in ranges, rows, columns and blocks', async (tensor, { shape, values }) => {
    const file = await open(name)
    expect([...(await readTensor(file, tensor))]).toEqual(values)
    const ranges = [0, 1, 3, 5, 11].flatMap((start) => [0, 1, 2, 7, 13].map((count) => ({ start, count })))
    for (const range of ranges.filter(({ start, count }) => start + count <= values.length)) {
      expect([...(await readTensor(file, tensor, range))], JSON.stringify(range)).toEqual(
        values.slice(range.start, range.start + range.count)
      )
    }
    const [rows = 0, columns = 0] = shape
    if (shape.length < 2) return
    const width = values.length / rows || 0
    const row = (i: number): number[] => values.slice(i * width, (i + 1) * width)
    const wanted = rows === 0 ? [] : [rows - 1, 0, rows - 1]
    expect([...(await readRows(file, tensor, wanted))]).toEqual(wanted.flatMap(row))
    if (shape.length > 2) return
    const places = rows === 0 ? [] : [columns - 1, 0, 1, 0]
    const column = (j: number): number[] => Array.from({ length: rows }, (_, i) => values[i * columns + j] ?? NaN)
    expect([...(await readColumns(file, tensor, places))]).toEqual(places.flatMap(column))
    const blocks: [number, number[]][] = []
    await eachRowBlock(file, tensor, 2, (first, block) => void blocks.push([first, [...block]]))
    expect(blocks).toEqual(Array.from({ length: Math.ceil(rows / 2) }, (_, i) => [i * 2, values.slice(i * 2 * width, (i + 1) * 2 * width)]))
  })

  it.each(floats)('%s as a weight holds its bytes in row-major order', async (tensor, { shape, values }) => {
    const file = await open(name)
    const ref = weightRef(file, tensor, shape, 'the test')
    const { dtype, inPlace } = file.tensors.get(tensor) ?? { dtype: 'F32', inPlace: false }
    expect(ref).toMatchObject({ name: tensor, file: name, shape, length: values.length * bytesPerElement(dtype) })
    expect(ref.load === undefined).toBe(inPlace)
    if (ref.load) expect([...toFloat32(new Uint8Array(await ref.load()), dtype)]).toEqual(values)
  })
})

describe('places of tensors', () => {
  const entry = async (file: string, name: string): Promise<object> => (await open(file)).tensors.get(name) ?? {}

  it('stored arrays, contiguous tensors and views of whole rows are used in place', async () => {
    for (const [file, name] of [
      ['plain.npz', 'full'],
      ['zip64.npz', 'half'],
      ['one.npy', 'one'],
      ['tensors.pt', 'full'],
      ['tensors.pt', 'rows'],
      ['tensors.pt', 'parameter']
    ] as const) {
      expect(await entry(file, name), `${file} ${name}`).toMatchObject({ inPlace: true })
    }
  })

  it('compressed, Fortran-ordered, big-endian, transposed and sliced ones are not', async () => {
    for (const [file, name] of [
      ['packed.npz', 'full'],
      ['fortran.npz', 'half'],
      ['big-endian.npz', 'full'],
      ['tensors.pt', 'transposed'],
      ['tensors.pt', 'columns'],
      ['tensors.pt', 'repeated']
    ] as const) {
      expect(await entry(file, name), `${file} ${name}`).toMatchObject({ inPlace: false })
    }
  })

  it('tied tensors share their place', async () => {
    const { tensors } = await open('tensors.pt')
    expect(tensors.get('tied')?.offset).toBe(tensors.get('full')?.offset)
    expect(tensors.get('tied_row')?.offset).toBe((tensors.get('full')?.offset ?? 0) + 6 * 4)
  })
})

describe('scalars', () => {
  it('come from tensors of one element of any type and from plain values', async () => {
    const [arrays, tensors, nested] = [await open('packed.npz'), await open('tensors.pt'), await open('nested.pt')]
    expect(await scalar(arrays, 'count')).toBe(32)
    expect(await scalar(arrays, 'scale')).toBe(1.5)
    expect(await scalar(await open('big-endian.npz'), 'count')).toBe(32)
    expect(await scalar(tensors, 'scalar')).toBe(2.5)
    expect(await scalar(tensors, 'count')).toBe(32)
    expect(await scalar(nested, 'settings.k')).toBe(32)
    expect(await scalar(nested, 'settings.tied')).toBe(1)
  })

  it('are refused where there is no single number', async () => {
    expect(await failureOf(async () => scalar(await open('plain.npz'), 'full'))).toMatch(/has the shape \[3, 4\], but \[\] is needed/)
    expect(await failureOf(async () => scalar(await open('nested.pt'), 'settings.activation'))).toMatch(
      /has no tensor named settings\.activation/
    )
  })
})

describe('what is no tensor', () => {
  it('is left out and named', async () => {
    const { notes } = await open('checkpoint.pt')
    expect(notes).toEqual([
      'args is an object (argparse.Namespace), which is not loaded.',
      'seen is an object (__builtin__.set), which is not loaded.',
      'huge is an object (an integer of 9 bytes), which is not loaded.',
      'where is an object (torch.device), which is not loaded.',
      'dtype is the name torch.float32, which is not loaded.',
      'numpy is an object (numpy.core.multiarray.scalar), which is not loaded.',
      'raw is an object (_codecs.encode), which is not loaded.'
    ])
    expect((await open('objects.npz')).notes).toEqual([
      'the array config holds pickled Python objects, which are never loaded, and was left out.',
      'the array names has the type <U2, which is not read, and was left out.'
    ])
  })

  const refused: [file: string, text: RegExp][] = [
    [
      'module.pt',
      /was refused: it holds a pickled object \(torch\.nn\.modules\.linear\.Linear\), not tensors; save its state_dict instead\. Nothing in it was executed\./
    ],
    ['legacy.pt', /was written by a PyTorch before 1\.6/],
    ['script.pt', /is not a PyTorch file that can be read: it is a TorchScript program, not a file of tensors\. Download the file again/],
    ['golden.json', /golden\.json holds no tensors in a known way\. Supported are safetensors, NumPy/]
  ]
  it.each(refused)('%s is refused', async (name, text) => {
    expect(await failureOf(() => open(name))).toMatch(text)
  })
})

describe('weights', () => {
  it('are checked for presence, shape and type', async () => {
    const file = await open('tensors.pt')
    expect(await failureOf(async () => weightRef(file, 'W_enc', [1], 'cfg.json'))).toMatch(/has no tensor named W_enc.* check cfg\.json/)
    expect(await failureOf(async () => weightRef(file, 'full', [6, 4], ''))).toMatch(/has the shape \[4, 6\], but \[6, 4\] is needed/)
    expect(await failureOf(async () => weightRef(file, 'long', [5], ''))).toMatch(/is stored as I64, which is not supported/)
  })
})
