/** What an SAE takes in memory beside a model, from its description alone: the copies that exist, as in models/memory.ts. */
import type { WeightRef } from '../models/types'
import type { MemoryPart } from '../runtime/machine'
import { isLean } from './encoder'
import type { Gate, Sae } from './types'

/** Positions of the prompt that is estimated for; as in models/memory.ts. */
const POSITIONS = 128
/** Active latents per position where neither the gate nor the folder says; published SAEs have 20 to 200. */
const ACTIVE = 64
/** Arrays [positions, d_sae] that exist at once: pre-activations, what is compared, what is open, activations. */
const DENSE = 4
/** Decoder rows of the active latents: in the runtime and outside it, once for the ranking and once for the exact check. */
const ROWS = 4
/** A lean SAE's are read from disk into one array that is free again after the ranking. */
const LEAN_ROWS = 1

/** Bytes, for one prompt of usual length. */
export function saeMemory(sae: Sae): MemoryPart[] {
  const { d_sae, d_out } = sae
  const lean = isLean(sae)
  const perPosition = chooses(sae.gate) ? sae.gate.k : (sae.nominalL0 ?? ACTIVE)
  // Of d_sae latents, those that positions which choose independently of each other come to together.
  const active = d_sae * (1 - Math.exp((-POSITIONS * perPosition) / d_sae))
  const encoder = sae.weights.get('W_enc')
  const decoder = sae.weights.get('W_dec')
  return [
    { what: encoderWords(encoder, lean), bytes: encoderBytes(encoder, lean) },
    { what: 'the decoder, where its file is mapped', bytes: decoderBytes(sae, decoder, lean) },
    // What a lean SAE's run needed is given back before the model's larger sessions load (runtime/options.ts).
    { what: `activations of ${POSITIONS} positions`, bytes: lean ? 0 : denseArrays(sae) * 4 * POSITIONS * d_sae },
    { what: 'decoder rows of the active latents', bytes: (lean ? LEAN_ROWS : ROWS) * 4 * active * d_out }
  ]
}

/** A gate that chooses a few has its pre-activations, and what it compares where that is something else (active.ts). */
function denseArrays({ gate }: Sae): number {
  if (!chooses(gate)) return DENSE
  return gate.kind === 'topk' && gate.byDecoderNorm ? 2 : 1
}

function chooses(gate: Gate): gate is Extract<Gate, { kind: 'topk' | 'groupmax' }> {
  return gate.kind === 'topk' || gate.kind === 'groupmax'
}

const float32Bytes = ({ shape }: WeightRef): number => 4 * shape.reduce((product, size) => product * size, 1)

function encoderWords(ref: WeightRef | undefined, lean: boolean): string {
  if (ref === undefined || ref.type === 'float32') return lean ? 'the encoder, where its file is mapped' : 'the encoder'
  return lean
    ? `the encoder (${ref.type}), where its file is mapped, cast slice by slice`
    : `the encoder as float32 (stored as ${ref.type})`
}

/** Packed once; while it is packed, what it is packed from is there too, and freed before the model's larger sessions load. */
function encoderBytes(ref: WeightRef | undefined, lean: boolean): number {
  if (!ref) return 0
  if (!lean) return float32Bytes(ref)
  if (ref.load !== undefined) return 3 * ref.length
  return ref.length
}

/** Rows of the active latents are spread over the whole file; where they lie in one piece a lean SAE's are read instead of mapped. */
function decoderBytes(sae: Sae, ref: WeightRef | undefined, lean: boolean): number {
  if (!ref || (lean && !sae.decoderByOutput)) return 0
  return ref.load === undefined ? ref.length : 3 * ref.length
}
