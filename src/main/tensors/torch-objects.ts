/**
 * The objects of PyTorch that a state dict is made of: storages and views of them. Source: torch/_utils.py (`_rebuild_tensor_v2` and
 * the functions beside it) and torch/serialization.py (persistent ids).
 */
import { bytesPerElement, type Dtype } from './dtypes'
import { countOf, MAX_AXES, spanOf } from './layout'
import { isRecord, type Pickled, type PickleObjects } from './pickle'
import type { Refuse, ZipMember } from './zip'

/** A storage: a run of elements in a member of the archive. */
interface Storage {
  readonly kind: 'storage'
  readonly dtype: Dtype
  /** Byte offset in the file. */
  readonly offset: number
  /** In elements. */
  readonly length: number
}

/** A view of a storage. */
export interface TorchTensor {
  readonly kind: 'tensor'
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** Byte offset of its first element in the file. */
  readonly offset: number
}

export type TorchObject = Storage | TorchTensor

type Value = Pickled<TorchObject>

const STORAGES: Readonly<Record<string, Dtype>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL'
}

/** A view may repeat a storage's elements (stride 0). Beyond this many it is not a tensor anybody stored, but a way to fill memory. */
const MAX_REPEATED = 2 ** 24

/** `member` finds a storage's member of the archive by its key. */
export function torchObjects(member: (key: string) => ZipMember | undefined, refuse: Refuse): PickleObjects<TorchObject> {
  return {
    reduce(name, items) {
      switch (name) {
        case 'collections.OrderedDict':
          return items.length === 0 ? { kind: 'dict', entries: [] } : null
        case 'torch._utils._rebuild_tensor':
        case 'torch._utils._rebuild_tensor_v2':
          return view(items, refuse)
        case 'torch._utils._rebuild_parameter': {
          const [tensor] = items
          return isRecord(tensor, 'object') || isRecord(tensor, 'opaque') ? tensor : refuse('a parameter holds no tensor')
        }
        default:
          return null
      }
    },
    persistent: (id) => storage(id, member, refuse)
  }
}

/** ('storage', storage symbol, key, location, element count) */
function storage(id: Value, member: (key: string) => ZipMember | undefined, refuse: Refuse): Value {
  if (!isRecord(id, 'tuple')) return refuse('a storage is named in an unknown way')
  const [tag, symbol, key, , length] = id.items
  if (tag !== 'storage' || !isRecord(symbol, 'name') || typeof key !== 'string' || !isSize(length)) {
    return refuse('a storage is named in an unknown way')
  }
  const dtype = Object.hasOwn(STORAGES, symbol.name) ? STORAGES[symbol.name] : undefined
  if (dtype === undefined) return { kind: 'opaque', what: symbol.name }
  const found = member(key) ?? refuse(`the storage ${JSON.stringify(key.slice(0, 40))} is missing`)
  if (length * bytesPerElement(dtype) > found.length) {
    return refuse(`the storage ${key} claims ${length} elements of ${dtype}, but has ${found.length} bytes`)
  }
  return { kind: 'object', value: { kind: 'storage', dtype, offset: found.offset, length } }
}

/** Arguments of `_rebuild_tensor`: storage, offset in elements, sizes, strides. Later ones (gradients, hooks) have no meaning here. */
function view([base, start, size, stride]: readonly Value[], refuse: Refuse): Value {
  if (isRecord(base, 'opaque')) return base
  if (!isRecord(base, 'object') || base.value.kind !== 'storage' || !isSize(start)) return refuse('a tensor has no storage')
  const { dtype, offset, length } = base.value
  const [shape, strides] = [sizes(size, refuse), sizes(stride, refuse)]
  if (shape.length !== strides.length) return refuse(`a tensor has ${shape.length} axes, but ${strides.length} strides`)
  const [count, end] = [countOf(shape), start + spanOf(shape, strides)]
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(end) || end > length) {
    return refuse(`a tensor [${shape.join(', ')}] reaches to element ${end} of a storage of ${length}`)
  }
  if (count > length && count > MAX_REPEATED) return { kind: 'opaque', what: `a tensor that repeats ${length} numbers ${count} times` }
  return { kind: 'object', value: { kind: 'tensor', dtype, shape, strides, offset: offset + start * bytesPerElement(dtype) } }
}

function sizes(value: Value | undefined, refuse: Refuse): number[] {
  const items = isRecord(value, 'tuple') || isRecord(value, 'list') ? value.items : refuse('a tensor has no shape')
  if (items.length > MAX_AXES) return refuse(`a tensor has ${items.length} axes, more than the ${MAX_AXES} that are read`)
  return items.map((item) => (isSize(item) ? item : refuse('a tensor has a size that is not a count')))
}

function isSize(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
