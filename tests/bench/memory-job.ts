/**
 * One attribution of 128 positions with its exact check, the job that memory is estimated for, in a process of its own. Prints what it
 * took at most, and what the workbench had expected, as one line of JSON. Arguments: the model's folder, the SAE's, the hook point.
 */
import { readFileSync } from 'node:fs'
import type { HandlerTask } from '../../src/shared/contract'
import { createEngineHandlers } from '../../src/main/engine/handlers'
import { promptOf } from './work'

const POSITIONS = 128

async function main([model = '', sae = '', hook = '']: readonly string[]): Promise<void> {
  const engine = createEngineHandlers({ bundledModels: '', labels: null, version: 'bench' })
  say('start')
  const { d_vocab, memoryEstimate: forModel } = await engine['model.open']({ model, device: 'cpu' }, quiet())
  say('model')
  const { memoryEstimate: forSae } = await engine['sae.open']({ sae }, quiet())
  say('opened')
  const prompt = { ids: promptOf(POSITIONS, d_vocab) }
  const input = { model, sae, hook, device: 'cpu' as const, prompt, target: null, includeSpecial: true, modelTop: false }
  const ranking = await engine['attribution.rank']({ ...input, method: 'attribution' }, quiet())
  say('ranked')
  const latents = ranking.latents.slice(0, 1).map(({ latent, score }) => ({ latent, score }))
  await engine['attribution.verify']({ ...input, method: 'attribution', latents }, quiet())
  say('verified')
  process.stdout.write(`${JSON.stringify({ peak: peak(), model: forModel, sae: forSae })}\n`)
}

/** Largest resident memory of this process so far, in bytes. */
function peak(): number {
  return process.resourceUsage().maxRSS * 1024
}

function say(what: string): void {
  if (process.env.GRADSAE_DETAILS === undefined) return
  const status = readFileSync('/proc/self/status', 'utf8')
  const of = (name: string): string => `${name} ${(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024).toFixed(0)}`
  process.stderr.write(`${what.padEnd(10)} ${['VmHWM', 'VmRSS', 'RssAnon', 'RssFile'].map(of).join('  ')}\n`)
}

function quiet<E>(): HandlerTask<E> {
  return { signal: new AbortController().signal, progress: () => undefined, emit: () => undefined }
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
  process.exitCode = 1
})
