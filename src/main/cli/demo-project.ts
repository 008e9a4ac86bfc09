/**
 * The demo project that ships with the app, made by the real engine: the bundled model's demo prompts in groups, two rankings of one prompt
 * with their exact checks, and a steering comparison with its recipes. Run by scripts/make-demo.mjs; nothing here is computed at start.
 */
import { join } from 'node:path'
import { assert } from '../../shared/errors'
import type { PromptRecord } from '../../shared/records/project'
import type { MethodName, Ranking } from '../../shared/records/ranking'
import { DEFAULT_GENERATION, type Intervention, type Recipe } from '../../shared/records/steering'
import { quietTask } from '../../shared/task'
import { toBundled } from '../../shared/bundled'
import { mapComparison, mapRanking } from '../archive/paths'
import { addDemoPrompts } from '../archive/demo'
import { createEngineHandlers, type EngineHandlers } from '../engine/handlers'
import { saveComparison, saveRecipe } from '../storage/comparisons'
import { updateProject } from '../storage/describe'
import { clearHistory } from '../storage/history'
import { createProject, type Project } from '../storage/project'
import { saveRanking } from '../storage/rankings'
import { projectState } from '../storage/state'
import { quietHandlerTask } from './task'

const SAE = 'storyteller/saes/blocks.3.hook_resid_post-topk-2048'
const VERIFIED = 20

/** The prompt that is explained and steered, as it begins in eval/prompts.json: one whose answer is not certain, so that it can be moved. */
const PROMPT = 'Mia lost her red ball in the park.'

const NOTES =
  'Made with the model that ships with the workbench. The two rankings ask which latents make it say that Mia is sad: GradSAE as it was published, ' +
  "and attribution with the SAE's error kept. The comparison adds the first three of the latter, adds twice as much of them, and takes the first five away."

export interface DemoOptions {
  /** The file to write. */
  readonly path: string
  readonly bundledModels: string
  readonly version: string
}

/** Writes the demo project; paths of models in it are `bundled:` ones, so that it opens on any machine. */
export async function makeDemoProject(options: DemoOptions): Promise<void> {
  const { bundledModels, path } = options
  const engine = createEngineHandlers({ ...options, labels: null })
  const project = await createProject(path, 'Demo: why is Mia sad?')
  try {
    await updateProject(project, { notes: NOTES })
    await addDemoPrompts(project, join(bundledModels, 'storyteller', 'eval', 'prompts.json'))
    const { prompts } = await projectState(project)
    const prompt = prompts.find(({ text }) => text.startsWith(PROMPT))
    assert(prompt, `a demo prompt begins with "${PROMPT}"`)
    await rank(project, engine, options, prompt, 'gradsae', 'Mia is sad, GradSAE')
    const ranking = await rank(project, engine, options, prompt, 'attribution', 'Mia is sad, attribution')
    await steer(project, engine, options, prompt, ranking)
    await clearHistory(project)
    project.exec('vacuum')
  } finally {
    project.close()
  }
}

async function rank(
  project: Project,
  engine: EngineHandlers,
  options: DemoOptions,
  prompt: PromptRecord,
  method: MethodName,
  name: string
): Promise<Ranking> {
  const input = { ...benchOf(options), prompt: { text: prompt.text }, method, target: null, includeSpecial: true }
  const ranked = await engine['attribution.rank'](input, quietHandlerTask(quietTask()))
  const latents = ranked.latents.slice(0, VERIFIED).map(({ latent, score }) => ({ latent, score }))
  const exact = await engine['attribution.verify']({ ...input, target: { id: ranked.target.id }, latents }, quietHandlerTask(quietTask()))
  const { labels } = await engine['latents.labels']({ sae: input.sae }, quietHandlerTask(quietTask()))
  const ranking = mapRanking({ ...ranked, exact }, (path) => toBundled(path, options.bundledModels))
  await saveRanking(project, { name, promptId: prompt.id, ranking, labels })
  return ranking
}

async function steer(
  project: Project,
  engine: EngineHandlers,
  options: DemoOptions,
  prompt: PromptRecord,
  ranking: Ranking
): Promise<void> {
  const recipes = recipesFrom(ranking)
  const comparison = await engine['steering.compare'](
    {
      ...benchOf(options),
      prompt: { text: prompt.text },
      recipes,
      settings: { ...DEFAULT_GENERATION, maxTokens: 40 },
      target: { id: ranking.target.id },
      score: true
    },
    quietHandlerTask(quietTask())
  )
  for (const recipe of recipes) {
    await saveRecipe(project, { recipe, saePath: ranking.provenance.sae.path, saeHash: ranking.provenance.sae.hash })
  }
  const stored = mapComparison(comparison, (path) => toBundled(path, options.bundledModels))
  await saveComparison(project, { name: 'Sadness, more and less', promptId: prompt.id, comparison: stored })
}

/** What one does with a ranking: add its first latents, add too much of them, take them away. */
function recipesFrom({ latents }: Ranking): Recipe[] {
  const helpful = latents.filter(({ score }) => score > 0).map(({ latent }) => latent)
  assert(helpful.length >= 5, 'five latents raise the target')
  const recipe = (id: string, name: string, count: number, mode: Intervention['mode'], coefficient: number): Recipe => ({
    id,
    name,
    keepError: true,
    interventions: helpful.slice(0, count).map((latent) => ({ latent, mode, coefficient, positions: 'all' }))
  })
  return [
    recipe('demo-add', 'first three added', 3, 'add', 10),
    recipe('demo-add-more', 'twice as much', 3, 'add', 20),
    recipe('demo-ablate', 'first five ablated', 5, 'ablate', 0)
  ]
}

function benchOf({ bundledModels }: DemoOptions): { model: string; sae: string; hook: null; device: 'cpu' } {
  return { model: join(bundledModels, 'storyteller', 'model'), sae: join(bundledModels, ...SAE.split('/')), hook: null, device: 'cpu' }
}
