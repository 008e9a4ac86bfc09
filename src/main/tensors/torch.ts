/**
 * PyTorch's zip files (torch.save since 1.6): `<root>/data.pkl`, a pickle that names every tensor, and `<root>/data/<key>`, the
 * storages. The pickle is read by a machine that can only build plain records (pickle.ts); nothing in it is ever executed.
 */
import { basename } from 'node:path'
import { fail } from '../../shared/errors'
import { invalid, type ByteSource } from './bytes'
import { bytesPerElement } from './dtypes'
import { countOf, isRowMajor } from './layout'
import { isRecord, unpickle, type Pickled } from './pickle'
import { torchObjects, type TorchObject, type TorchTensor } from './torch-objects'
import type { TensorEntry, TensorFile } from './types'
import type { Refuse, ZipMember } from './zip'

type Value = Pickled<TorchObject>

const ROOT = /^([^/]+)\/data\.pkl$/
/** A state dict of a thousand tensors is pickled in about 200 KB. */
const MAX_PICKLE = 2 ** 26
const MAX_DEPTH = 32
/** Values in all; what is shared counts each time, because a few bytes can share their way to any number. */
const MAX_VALUES = 200_000
const MAX_NAME = 512
const MAX_NOTES = 20

/** The folder of the archive's members if it is PyTorch's. */
export function torchRoot(members: ReadonlyMap<string, ZipMember>): string | null {
  for (const name of members.keys()) {
    const root = ROOT.exec(name)?.[1]
    if (root !== undefined) return root
  }
  return null
}

/**
 * The tensors and plain values of the file. Tables in it are taken apart: the entry b of the table a is called "a.b". Objects that are
 * neither are left out, and a note says so.
 * @throws TORCH_INVALID, PICKLE_REFUSED
 */
export async function readTorch(
  path: string,
  bytes: number,
  source: ByteSource,
  members: ReadonlyMap<string, ZipMember>,
  root: string
): Promise<TensorFile> {
  const refuse: Refuse = (reason) => invalid('torch', path, reason)
  await checkMembers(source, members, root, refuse)
  const pickle = members.get(`${root}/data.pkl`) ?? refuse('data.pkl is missing')
  if (pickle.length > MAX_PICKLE) refuse(`its data.pkl has ${pickle.length} bytes, more than the ${MAX_PICKLE} that are read`)
  const refusePickle: Refuse = (reason) => fail('PICKLE_REFUSED', { path, reason })
  const objects = torchObjects((key) => members.get(`${root}/data/${key}`), refusePickle)
  const value = unpickle(await source.read(pickle.offset, pickle.length), objects, refusePickle)
  return { path, bytes, container: 'torch', metadata: {}, ...flatten(value, path, refusePickle) }
}

async function checkMembers(source: ByteSource, members: ReadonlyMap<string, ZipMember>, root: string, refuse: Refuse): Promise<void> {
  for (const { name, deflated } of members.values()) {
    if (!name.startsWith(`${root}/`)) refuse(`its member "${name}" is not in the folder ${root}`)
    if (name === `${root}/constants.pkl` || name.startsWith(`${root}/code/`)) refuse('it is a TorchScript program, not a file of tensors')
    if (deflated) refuse(`its member "${name}" is compressed, which PyTorch never does`)
  }
  const order = members.get(`${root}/byteorder`)
  if (order === undefined) return
  const text = order.length > 16 ? '' : (await source.read(order.offset, order.length)).toString('latin1').trim()
  if (text !== 'little') refuse(`its numbers are stored in the byte order "${text}", and only "little" is read`)
}

/** The tree as tensors and plain values by name. */
function flatten(root: Value, path: string, refuse: Refuse): Pick<TensorFile, 'tensors' | 'values' | 'notes'> {
  const tensors = new Map<string, TensorEntry>()
  const values = new Map<string, unknown>()
  const notes: string[] = []
  let left = MAX_VALUES
  const count = (depth: number): void => {
    if (depth > MAX_DEPTH) refuse(`it nests more than ${MAX_DEPTH} levels deep`)
    if (left-- <= 0) refuse(`it unfolds to more than ${MAX_VALUES} values`)
  }
  const visit = (name: string, value: Value, depth: number): void => {
    count(depth)
    if (tensors.has(name) || values.has(name)) refuse(`it has two entries named "${name}"`)
    if (name.length > MAX_NAME) refuse(`the name of an entry has more than ${MAX_NAME} characters`)
    if (isRecord(value, 'object') && value.value.kind === 'tensor') tensors.set(name, entryOf(name, value.value))
    else if (isRecord(value, 'dict')) {
      for (const [key, item] of value.entries) visit(joined(name, keyText(key, refuse)), item, depth + 1)
    } else if (isRecord(value, 'list') || isRecord(value, 'tuple')) {
      const plain = plainOf(value, depth, count)
      if (plain !== undefined) values.set(name, plain)
      else for (const [i, item] of value.items.entries()) visit(joined(name, String(i)), item, depth + 1)
    } else {
      const plain = plainOf(value, depth, count)
      if (plain === undefined) notes.push(`${name === '' ? 'Its root' : name} is ${whatOf(value)}, which is not loaded.`)
      else values.set(name, plain)
    }
  }
  if (isRecord(root, 'opaque')) refuse(`it holds a pickled object (${root.what}), not tensors; save its state_dict instead`)
  visit(isRecord(root, 'object') ? basename(path).replace(/\.\w+$/, '') : '', root, 0)
  const more = notes.length - MAX_NOTES
  return { tensors, values, notes: more > 0 ? [...notes.slice(0, MAX_NOTES), `${more} more objects are not loaded.`] : notes }
}

/** Numbers, texts, booleans, null, lists and tables of them; undefined for anything else. */
function plainOf(value: Value, depth: number, count: (depth: number) => void): unknown {
  if (value === null || typeof value !== 'object') return value
  if (isRecord(value, 'list') || isRecord(value, 'tuple')) {
    const items: unknown[] = []
    for (const item of value.items) {
      count(depth + 1)
      const plain = plainOf(item, depth + 1, count)
      if (plain === undefined) return undefined
      items.push(plain)
    }
    return items
  }
  if (!isRecord(value, 'dict')) return undefined
  const entries: [string, unknown][] = []
  for (const [key, item] of value.entries) {
    count(depth + 1)
    const plain = plainOf(item, depth + 1, count)
    if (plain === undefined || (typeof key !== 'string' && typeof key !== 'number')) return undefined
    entries.push([String(key), plain])
  }
  return Object.fromEntries(entries)
}

function keyText(key: Value, refuse: Refuse): string {
  return typeof key === 'string' || typeof key === 'number' ? String(key) : refuse('a table has a key that is neither a text nor a number')
}

const joined = (name: string, key: string): string => (name === '' ? key : `${name}.${key}`)

function whatOf(value: Value): string {
  if (isRecord(value, 'opaque')) return `an object (${value.what})`
  return isRecord(value, 'name') ? `the name ${value.name}` : 'a storage without a tensor'
}

function entryOf(name: string, { dtype, shape, strides, offset }: TorchTensor): TensorEntry {
  const length = countOf(shape) * bytesPerElement(dtype)
  return { name, dtype, shape, strides, offset, length, inPlace: isRowMajor(shape, strides) }
}
