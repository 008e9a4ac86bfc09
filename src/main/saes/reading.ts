/** Reading an SAE otherwise than its files say: what a person or the preflight has chosen. Nothing on disk changes. */
import type { SaeReading } from '../../shared/records/model'
import type { OpenQuestion, Sae, SaeWeight } from './types'

/** Whether the reading says what a format leaves open. A gate that was chosen can still be compared with the others. */
function answers(reading: SaeReading, question: OpenQuestion): boolean {
  return (question === 'scale' && reading.scale !== undefined) || (question === 'hook' && reading.hook !== undefined)
}

/** The SAE as the reading has it, each difference noted in words. `format` and `gate` are up to the format itself. */
export function applyReading(sae: Sae, reading: SaeReading): Sae {
  const notes: string[] = []
  const said = <T>(value: T | undefined, own: T, words: string): T => {
    if (value === undefined || value === own) return own
    notes.push(words)
    return value
  }
  const { hook, hookOut, scale, subtractDecoderBias, transposedDecoder = false, transposedSkip = false } = reading
  const inBias: SaeWeight | null = subtractDecoderBias === undefined ? sae.inBias : subtractDecoderBias ? (sae.inBias ?? 'b_dec') : null
  if (inBias !== sae.inBias) notes.push(inBias ? 'Read with b_dec subtracted before the encoder.' : 'Read without subtracting b_dec.')
  const writesElsewhere = (hookOut ?? sae.hookOut) !== null
  if (transposedDecoder) notes.push('Read with W_dec the other way round.')
  if (transposedSkip) notes.push('Read with W_skip the other way round.')
  const changed: Sae = {
    ...sae,
    hook: said(hook, sae.hook, `Read as an SAE of ${hook}${sae.hook === null ? '' : ` instead of ${sae.hook}`}.`),
    hookOut: said(hookOut, sae.hookOut, `Read as writing at ${hookOut}${sae.hookOut === null ? '' : ` instead of ${sae.hookOut}`}.`),
    centred: said(
      reading.centred,
      sae.centred,
      reading.centred ? 'Read with the mean over d_model taken out of the input.' : 'Read without centring.'
    ),
    prependBos: said(reading.prependBos, sae.prependBos, `Read as trained ${reading.prependBos ? 'with' : 'without'} a BOS token.`),
    inScale: said(
      scale,
      sae.inScale,
      `Read with activations multiplied by ${scale} before the encoder${writesElsewhere ? '' : ', and divided by it after the decoder'}.`
    ),
    // A transcoder writes what was not scaled with its input.
    outScale: writesElsewhere ? sae.outScale : (scale ?? sae.outScale),
    inBias: inBias === 'b_dec' || inBias === 'in_bias' ? inBias : null,
    decoderByOutput: sae.decoderByOutput !== transposedDecoder,
    skipByInput: sae.skipByInput !== transposedSkip,
    openQuestions: sae.openQuestions.filter((question) => !answers(reading, question))
  }
  return { ...changed, notes: [...sae.notes, ...notes] }
}
