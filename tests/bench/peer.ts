/** Runs peer.py and holds its results against ours. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'
import { assert } from '../../src/shared/errors'
import { median } from './measure'
import { promptOf, type AttributionTime, type Subject } from './work'

const Results = z.array(
  z.object({
    tokens: z.number(),
    milliseconds: z.array(z.number()),
    target: z.number(),
    latents: z.array(z.object({ latent: z.number(), score: z.number() }))
  })
)
const Output = z.object({ torch: z.string(), threads: z.number(), published: Results, tuned: Results })

export interface PeerTimes {
  readonly torch: string
  readonly threads: number
  readonly prompts: readonly { tokens: number; published: number; tuned: number }[]
}

/** The line that brings the peer to a Debian machine. */
export const INSTALL = 'apt-get install -y python3-torch libopenblas0-pthread'

/** A Python that has torch, or null. */
export function findTorch(): string | null {
  const found = ['/usr/bin/python3', 'python3', 'python'].find(
    (python) => spawnSync(python, ['-c', 'import torch, numpy'], { stdio: 'ignore' }).status === 0
  )
  return found ?? null
}

/** Times the peer on the prompts of `ours`, and checks that both sides name the same target and the same best latents. */
export function timePeer(
  python: string,
  root: string,
  subject: Subject,
  d_vocab: number,
  ours: readonly AttributionTime[],
  runs: number
): PeerTimes {
  const prompts = JSON.stringify(ours.map(({ tokens }) => promptOf(tokens, d_vocab)))
  const layer = /^blocks\.(\d+)\.hook_resid_pre$/.exec(subject.hook)?.[1]
  assert(layer !== undefined, 'the peer is cut before a block')
  const run = spawnSync(python, [join(root, 'tests', 'bench', 'peer.py'), subject.model, subject.sae, layer, prompts, String(runs)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26
  })
  assert(run.status === 0, `the peer ends well (it ended with ${run.status ?? run.signal})`)
  const { torch, threads, published, tuned } = Output.parse(JSON.parse(run.stdout))
  for (const results of [published, tuned]) results.forEach((theirs, index) => checkSame(ours[index], theirs))
  return {
    torch,
    threads,
    prompts: published.map(({ tokens, milliseconds }, index) => ({
      tokens,
      published: median(milliseconds),
      tuned: median(tuned[index]?.milliseconds ?? [])
    }))
  }
}

/** The same numbers on both sides, or the comparison of times means nothing. 0.1 %: float32 through twelve layers, summed in two orders. */
function checkSame(ours: AttributionTime | undefined, theirs: z.infer<typeof Results>[number]): void {
  assert(ours !== undefined && ours.tokens === theirs.tokens, 'both sides time the same prompts')
  assert(ours.ranking.target.id === theirs.target, `both sides choose the same target at ${theirs.tokens} tokens`)
  for (const { latent, score } of theirs.latents) {
    const own = ours.ranking.latents.find((ranked) => ranked.latent === latent)
    assert(
      own !== undefined && Math.abs(own.score - score) <= 1e-3 * score,
      `both sides score latent ${latent} alike at ${theirs.tokens} tokens`
    )
  }
}
