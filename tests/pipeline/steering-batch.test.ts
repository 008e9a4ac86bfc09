/** A column's text and numbers are its own: they do not depend, to the last bit, on which columns are read beside it. */
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createModelSessions, openModel, promptIds, widthOf, type ModelSessions } from '../../src/main/models'
import { openSession } from '../../src/main/runtime'
import { generateColumns, type GeneratedColumn } from '../../src/main/steering/generate'
import { openSteering, type SteeringParts } from '../../src/main/steering/open'
import { vectorToText } from '../../src/main/steering/vector-text'
import {
  DEFAULT_GENERATION,
  type Direction,
  type GenerationSettings,
  type Intervention,
  type Recipe
} from '../../src/shared/records/steering'
import { quietTask } from '../../src/shared/task'
import { EVERY_TINY_MODEL } from '../support/models'
import { openStoryteller, STEERING_SUBJECTS, type SteeringSubject } from '../support/steering'

const SAMPLED: GenerationSettings = { ...DEFAULT_GENERATION, maxTokens: 6, stopAtEnd: false, temperature: 1, topK: 40, topP: 0.95 }

/** As `compareRuns` does it, with a seed for each column if wanted. */
async function columnsOf(
  parts: SteeringParts,
  ids: readonly number[],
  recipes: readonly (Recipe | null)[],
  seeds?: readonly number[]
): Promise<GeneratedColumn[]> {
  const request = { promptIds: ids, recipes, settings: SAMPLED, target: 5, watch: [7], ...(seeds ? { seeds } : {}) }
  return generateColumns(await openSteering(parts, recipes), request, quietTask(), () => undefined)
}

async function expectAlone(parts: SteeringParts, ids: readonly number[], recipes: readonly (Recipe | null)[]): Promise<void> {
  const together = await columnsOf(parts, ids, recipes)
  for (const [column, recipe] of recipes.entries()) {
    const [alone] = await columnsOf(parts, ids, [recipe])
    expect(together[column], recipe?.name ?? 'the baseline').toEqual(alone)
  }
}

/** Recipes of latents in every unit, with conditions, with and without the error, with frozen attention. */
function recipesOf(subject: SteeringSubject): Recipe[] {
  const { model } = subject.bench.sessions
  const token = model.tokenizer.token(9)
  const latent = 3
  const lists: Record<string, Intervention[]> = {
    add: [{ latent, mode: 'add', coefficient: 3, positions: 'all' }],
    residual: [{ latent, mode: 'add', coefficient: 0.4, unit: 'residual', positions: 'generated' }],
    largest: [{ latent, mode: 'add', coefficient: 0.7, unit: 'largest', positions: 'last' }],
    'set and clamp': [
      { latent, mode: 'set', coefficient: 2, positions: 'prompt' },
      { latent: 5, mode: 'clamp', coefficient: 1, upper: 2, positions: 'all' }
    ],
    project: [{ latent, mode: 'project', coefficient: -1, positions: 'all' }],
    'where a latent is active': [
      { latent, mode: 'add', coefficient: 4, positions: 'all', condition: { kind: 'activation', latent: 7, is: 'above', bound: 0 } }
    ],
    'where a token is likely': [
      { latent, mode: 'add', coefficient: 4, positions: 'all', condition: { kind: 'probability', token, is: 'above', bound: 0.001 } }
    ]
  }
  return Object.entries(lists).flatMap(([name, interventions], index) => [
    { id: name, name, interventions, keepError: true },
    {
      id: `${name}!`,
      name: `${name}, ${index % 2 ? 'frozen' : 'without the error'}`,
      interventions,
      keepError: index % 2 === 1,
      freezeAttention: index % 2 === 1
    }
  ])
}

const SUBJECTS = [
  { name: 'the default model', open: () => openStoryteller() },
  ...STEERING_SUBJECTS.filter((_, index) => index === 2 || index === 5)
]

describe.each(SUBJECTS)('$name', ({ open }) => {
  let subject: SteeringSubject
  let ids: number[]
  beforeAll(async () => {
    subject = await open()
    ids = promptIds(subject.bench.sessions.model, subject.prompt)
  })
  afterAll(() => subject.release())

  it('writes a column in a batch of fifteen as it writes it alone', async () => {
    await expectAlone(subject.bench, ids, [null, ...recipesOf(subject)])
  })

  it('writes a grid of recipes and seeds as one batch as it writes each of them', async () => {
    const [one = null, two = null] = recipesOf(subject)
    const grid = [null, one, two].flatMap((recipe) => [1, 2, 3].map((seed) => ({ recipe, seed })))
    const together = await columnsOf(
      subject.bench,
      ids,
      grid.map(({ recipe }) => recipe),
      grid.map(({ seed }) => seed)
    )
    for (const [column, { recipe, seed }] of grid.entries()) {
      const [alone] = await columnsOf(subject.bench, ids, [recipe], [seed])
      expect(together[column]).toEqual(alone)
    }
    expect(together[0]?.tokens.map(({ id }) => id)).not.toEqual(together[1]?.tokens.map(({ id }) => id))
  })
})

/** Both kinds of norms, learned and rotary positions, parallel blocks, grouped heads. */
const FOLDERS = EVERY_TINY_MODEL.filter((folder) => ['tiny-gpt2', 'tiny-pythia', 'tiny-gemma2'].includes(basename(folder)))

describe.each(FOLDERS.map((folder) => ({ name: basename(folder), folder })))('$name cut at different places', ({ folder }) => {
  let sessions: ModelSessions
  beforeAll(async () => {
    sessions = createModelSessions(openSession, await openModel(folder), 'cpu')
  })
  afterAll(() => sessions.release())

  it('writes a column as it writes it alone, wherever its neighbours edit', async () => {
    const { model } = sessions
    const last = model.config.n_layers - 1
    const at = (hook: string): Recipe => {
      const vector = vectorToText(Float32Array.from({ length: widthOf(model.config, hook) }, (_, i) => Math.sin(i + 1)))
      const direction: Direction = { id: 'd', name: 'd', hook, vector, origin: 'a sine' }
      const add: Intervention = { direction: 'd', latent: 0, mode: 'add', coefficient: 0.5, positions: 'all' }
      return { id: hook, name: hook, interventions: [add], keepError: true, directions: [direction] }
    }
    const hooks = [
      'blocks.0.hook_resid_pre',
      'blocks.1.attn.hook_z',
      'blocks.1.hook_resid_post',
      `blocks.${last}.hook_attn_out`,
      `blocks.${last}.hook_resid_post`
    ]
    await expectAlone({ sessions, sae: null }, [3, 17, 12, 8, 5, 11], [null, ...hooks.map(at)])
  })
})
