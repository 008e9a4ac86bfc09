/** `demo`: the main job without a window, on the demo project: ranking, exact check, steering comparison, report. */
import { join } from 'node:path'
import { assert } from '../../../shared/errors'
import { withLabels } from '../../../shared/comparison-labels'
import type { Ranking } from '../../../shared/records/ranking'
import { ConceptSettings } from '../../../shared/records/scores'
import { DEFAULT_GENERATION, type Comparison, type Recipe } from '../../../shared/records/steering'
import type { Command, CommandContext } from '../command'
import { digits, table } from '../print'
import { quietHandlerTask } from '../task'
import { asText } from './attribute'

const SAE_FOLDER = 'blocks.3.hook_resid_post-topk-2048'
const VERIFIED = 20
/** Prompts of the demo that relatedness is against. */
const OTHERS = 4

export const demo: Command = {
  name: 'demo',
  summary: 'the main job on the demo project: ranking, exact check, steering, report',
  options: {},
  async run(_values, context) {
    const model = join(context.bundledModels, 'storyteller', 'model')
    const sae = join(context.bundledModels, 'storyteller', 'saes', SAE_FOLDER)
    const { bundledModels, resources, version } = context
    const { createArchive } = await import('../../archive/handlers')
    const archive = createArchive({ userData: join(context.scratch, 'demo'), bundledModels, resources, version })
    try {
      const { state } = await archive.handlers['project.openDemo']({}, quietHandlerTask(context.task))
      const prompt = state.prompts[0]
      assert(prompt, 'the demo project has prompts')
      const others = state.prompts.slice(1, 1 + OTHERS).map(({ text }) => text)
      const done = await mainJob(context, model, sae, prompt.text, others)
      const save = archive.handlers
      const ranking = await save['rankings.save'](
        {
          name: 'Demo ranking',
          promptId: prompt.id,
          ranking: done.ranking,
          labels: [...done.labels].map(([latent, label]) => ({ latent, label, source: '' }))
        },
        quietHandlerTask(context.task)
      )
      const comparison = await save['comparisons.save'](
        { name: 'Demo comparison', promptId: prompt.id, comparison: withLabels(done.comparison, ({ latent }) => done.labels.get(latent)) },
        quietHandlerTask(context.task)
      )
      const report = await save['report.write'](
        {
          path: join(context.scratch, 'demo', 'report.html'),
          format: 'html',
          title: 'GradSAE Workbench demo',
          introduction: 'The main job, run without a window on the first prompt of the demo project.',
          rankings: [ranking.id],
          comparisons: [comparison.id],
          setRuns: [],
          experiments: []
        },
        quietHandlerTask(context.task)
      )
      return { json: { ...done, report: report.path }, human: asPage(prompt.text, done, report.path) }
    } finally {
      await archive.close()
    }
  }
}

interface Done {
  ranking: Ranking
  comparison: Comparison
  labels: ReadonlyMap<number, string>
}

async function mainJob(context: CommandContext, model: string, sae: string, text: string, others: readonly string[]): Promise<Done> {
  const engine = context.engine()
  const { labels } = await engine['latents.labels']({ sae }, quietHandlerTask(context.task))
  const input = {
    model,
    sae,
    hook: null,
    device: 'auto' as const,
    prompt: { text },
    method: 'gradsae' as const,
    target: null,
    includeSpecial: true
  }
  const ranked = await engine['attribution.rank'](input, quietHandlerTask(context.task))
  const latents = ranked.latents.slice(0, VERIFIED).map(({ latent, score }) => ({ latent, score }))
  const exact = await engine['attribution.verify']({ ...input, target: { id: ranked.target.id }, latents }, quietHandlerTask(context.task))
  const comparison = await engine['steering.compare'](
    {
      model,
      sae,
      hook: null,
      device: 'auto',
      prompt: { text },
      recipes: recipesFrom(ranked),
      settings: { ...DEFAULT_GENERATION, maxTokens: 40 },
      target: { id: ranked.target.id },
      score: true,
      concept: ConceptSettings.parse({ otherPrompts: others.map((other) => ({ text: other })) })
    },
    quietHandlerTask(context.task)
  )
  return { ranking: { ...ranked, exact }, comparison, labels: new Map(labels.map(({ latent, label }) => [latent, label])) }
}

/** Two things one does with a ranking: take its top latents away, and turn its first one up. */
function recipesFrom({ latents }: Ranking): Recipe[] {
  const top = latents.slice(0, 5)
  const [first] = top
  assert(first, 'the demo prompt activates latents')
  return [
    {
      id: 'ablate-top-5',
      name: 'top 5 ablated',
      keepError: true,
      interventions: top.map(({ latent }) => ({ latent, mode: 'ablate', coefficient: 0, positions: 'all' }))
    },
    {
      id: 'first-up',
      name: `latent ${first.latent} tripled`,
      keepError: true,
      interventions: [{ latent: first.latent, mode: 'scale', coefficient: 3, positions: 'all' }]
    }
  ]
}

function asPage(prompt: string, { ranking, comparison, labels }: Done, report: string): string {
  const rows = comparison.columns.map(({ recipe, text, scores }) => [
    recipe?.name ?? 'baseline',
    scores === null ? '' : digits(scores.perplexity),
    text.replace(/\n/g, ' / ')
  ])
  return [
    `Prompt: ${prompt}`,
    '',
    asText(ranking, ranking.exact, VERIFIED, labels),
    '',
    table(['run', 'perplexity>', 'text'], rows),
    '',
    `Report: ${report}`
  ].join('\n')
}
