/**
 * Graph -> the bytes of an ONNX ModelProto (onnx.proto3, IR version 10, opset 20 and com.microsoft 1).
 * Weights with external data are written as references: file, offset, length.
 */
import proto from 'onnx-proto'
import { assert } from '../../shared/errors'
import type { Attribute, Dim, ElementType, Graph, Initializer, Node, TypedArray, Value } from './types'

const { onnx } = proto

/** Opset 20: Gelu exists, reductions take their axes as an input, and every execution provider of the runtime has the kernels. */
export const OPSET = 20
const IR_VERSION = 10
const EXTERNAL = 1

const ELEMENT_TYPES: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, bfloat16: 16 }

/** Serialises the whole graph as it is; call `prune` first to drop what the outputs do not need. */
export function serialise(graph: Graph): Uint8Array {
  const { nodes, outputs, nameOf } = nameOutputs(graph)
  const model = onnx.ModelProto.create({
    irVersion: IR_VERSION,
    producerName: 'gradsae-workbench',
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1 }
    ],
    graph: {
      name: graph.name,
      node: nodes.map((node) => nodeProto(node, nameOf)),
      initializer: [...graph.initializers.values()].map(tensorProto),
      input: graph.inputs.map((value) => valueProto(value)),
      output: outputs.map((value) => valueProto(value))
    }
  })
  return onnx.ModelProto.encode(model).finish()
}

/**
 * Outputs have names of their own. What a node makes is called like the output that shows it; an input, a weight and what several outputs
 * show gets an Identity. The runtime keeps an Identity of a value that is used elsewhere too, and copies: for caches that is all of them.
 */
function nameOutputs(graph: Graph): { nodes: Node[]; outputs: Value[]; nameOf: (value: Value) => string } {
  const made = new Set(graph.nodes.flatMap((node) => node.outputs.map((value) => value.name)))
  const taken = new Set([...graph.inputs.map((value) => value.name), ...graph.initializers.keys()])
  const renamed = new Map<string, string>()
  const copies: Node[] = []
  for (const [name, value] of graph.outputs) {
    assert(!taken.has(name), `the output ${name} of ${graph.name} is not called like an input or weight`)
    const free = made.has(value.name) && !renamed.has(value.name) && (name === value.name || !made.has(name))
    if (free) renamed.set(value.name, name)
    else copies.push({ op: 'Identity', domain: '', inputs: [value], outputs: [{ ...value, name }], attributes: {} })
  }
  const outputs = [...graph.outputs].map(([name, value]): Value => ({ ...value, name }))
  return { nodes: [...graph.nodes, ...copies], outputs, nameOf: ({ name }) => renamed.get(name) ?? name }
}

/** Nodes keep the name of what they made before it was called like an output: sessions are told nodes by these names. */
function nodeProto(node: Node, nameOf: (value: Value) => string): InstanceType<typeof onnx.NodeProto> {
  return onnx.NodeProto.create({
    opType: node.op,
    domain: node.domain,
    name: node.outputs[0]?.name ?? node.op,
    input: node.inputs.map((value) => (value === null ? '' : nameOf(value))),
    output: node.outputs.map(nameOf),
    attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeProto(name, attribute))
  })
}

function attributeProto(name: string, attribute: Attribute): InstanceType<typeof onnx.AttributeProto> {
  const { AttributeType } = onnx.AttributeProto
  switch (attribute.kind) {
    case 'int':
      return onnx.AttributeProto.create({ name, type: AttributeType.INT, i: attribute.value })
    case 'ints':
      return onnx.AttributeProto.create({ name, type: AttributeType.INTS, ints: [...attribute.value] })
    case 'float':
      return onnx.AttributeProto.create({ name, type: AttributeType.FLOAT, f: attribute.value })
    case 'floats':
      return onnx.AttributeProto.create({ name, type: AttributeType.FLOATS, floats: [...attribute.value] })
    case 'string':
      return onnx.AttributeProto.create({ name, type: AttributeType.STRING, s: new TextEncoder().encode(attribute.value) })
  }
}

function valueProto(value: Value): InstanceType<typeof onnx.ValueInfoProto> {
  const dim = value.shape.map((size: Dim) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return onnx.ValueInfoProto.create({ name: value.name, type: { tensorType: { elemType: ELEMENT_TYPES[value.type], shape: { dim } } } })
}

function tensorProto(initializer: Initializer): InstanceType<typeof onnx.TensorProto> {
  const { name, type, shape } = initializer.value
  const dims = shape.map((size) => {
    assert(typeof size === 'number', `the weight ${name} has a known shape`)
    return size
  })
  const base = { name, dims, dataType: ELEMENT_TYPES[type] }
  if ('data' in initializer) return onnx.TensorProto.create({ ...base, rawData: bytesOf(initializer.data) })
  const { file, offset, length } = initializer.external
  return onnx.TensorProto.create({
    ...base,
    dataLocation: EXTERNAL,
    externalData: [
      { key: 'location', value: file },
      { key: 'offset', value: String(offset) },
      { key: 'length', value: String(length) }
    ]
  })
}

function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
