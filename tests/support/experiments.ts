/** An experiment and a set run as a project keeps them, small, with made-up numbers that obey the records' rules. */
import type { ReportedSetRun } from '../../src/main/reports/report'
import type { ExperimentManifest, ExperimentResult, SavedExperiment } from '../../src/shared/records/experiment'
import { ExperimentInfo } from '../../src/shared/records/experiment'
import type { SetPrompt } from '../../src/shared/records/sets'

export const sampleSetPrompts: SetPrompt[] = ['one', 'two'].map((id) => ({
  id,
  prompt: { text: `Question ${id}:` },
  answer: ' red',
  target: null,
  counterfactual: null,
  group: null,
  paraphrase: null
}))

/** A masking experiment's page: one field of every kind. */
export const sampleInfo: ExperimentInfo = ExperimentInfo.parse({
  name: 'masking',
  title: 'Masking the top and bottom latents',
  question: 'Do all active latents matter equally?',
  procedure: 'Mask, continue, score.',
  needsAnswers: true,
  defaults: { tokens: 8, shares: [1, 10, 50], target: 'probability', methods: ['gradsae', 'random'], special: true, version: 2 },
  fields: [
    { kind: 'number', key: 'tokens', label: 'Tokens', hint: '', min: 1, max: 50, integer: true },
    { kind: 'numbers', key: 'shares', label: 'K, %', hint: '', min: 0.1, max: 100 },
    { kind: 'choice', key: 'target', label: 'Target', hint: '', options: ['probability', 'logit'] },
    { kind: 'choices', key: 'methods', label: 'Methods', hint: '', options: ['gradsae', 'exact', 'random'] },
    { kind: 'switch', key: 'special', label: 'Special tokens', hint: '' }
  ]
})

export function sampleResult(change: Partial<ExperimentResult> = {}): ExperimentResult {
  return {
    sentence: 'Masking the top 10 % of GradSAE leaves 21 % (12 to 30 %) of answers right, of random latents 95 % (90 to 99 %).',
    prompts: 2,
    tables: [
      {
        name: 'masking',
        title: 'Exact match after masking',
        columns: [
          { key: 'method', label: 'method', unit: '' },
          { key: 'k', label: 'K', unit: '%' },
          { key: 'em', label: 'EM', unit: '%' }
        ],
        rows: [
          ['GradSAE', 10, { value: 21, low: 12, high: 30 }],
          ['random', 10, { value: 95.25, low: 90, high: 99 }],
          ['exact', 10, null]
        ],
        note: 'Of 2 prompts.'
      }
    ],
    curves: [
      {
        name: 'top',
        title: 'Top latents masked',
        x: { label: 'K, %', logarithmic: true },
        y: { label: 'EM, %' },
        series: [
          {
            name: 'GradSAE',
            points: [
              { x: 0, y: 100, low: 100, high: 100 },
              { x: 1, y: 60, low: 50, high: 70 },
              { x: 10, y: 21, low: 12, high: 30 }
            ]
          },
          {
            name: 'random',
            points: [
              { x: 0, y: 100, low: null, high: null },
              { x: 10, y: 95.25, low: null, high: null }
            ]
          }
        ]
      }
    ],
    notes: ['One question was left out.'],
    ...change
  }
}

export const sampleManifest: ExperimentManifest = {
  experiment: 'masking',
  settings: { shares: [1, 10, 50], special: true },
  bench: {
    model: { name: 'storyteller', path: '/models/storyteller/model', hash: 'sha256:aaaa' },
    sae: { name: 'layer 3', path: '/models/storyteller/saes/three', hash: 'sha256:bbbb', reading: {} },
    hook: 'blocks.3.hook_resid_post',
    device: { requested: 'auto', used: 'cpu' }
  },
  prompts: sampleSetPrompts,
  versions: { workbench: '0.1.0' },
  createdAt: '2026-01-02T03:04:05.000Z',
  milliseconds: 61_000
}

export function savedExperiment(change: Partial<SavedExperiment> = {}): SavedExperiment {
  return {
    id: 'experiment-id',
    name: 'Masking, held-out questions',
    experiment: 'masking',
    model: 'storyteller',
    sae: 'layer 3',
    hook: 'blocks.3.hook_resid_post',
    prompts: 2,
    done: 4,
    parts: 4,
    sentence: sampleResult().sentence,
    repeats: null,
    notes: '',
    createdAt: '2026-01-02T03:04:05.000Z',
    settings: sampleManifest.settings,
    bench: { model: '/models/storyteller/model', sae: '/models/storyteller/saes/three', hook: null, device: 'auto', reading: {} },
    setPrompts: sampleSetPrompts,
    manifest: sampleManifest,
    result: sampleResult(),
    finished: [],
    reproduction: null,
    ...change
  }
}

export function reportedSetRun(change: Partial<ReportedSetRun> = {}): ReportedSetRun {
  return {
    run: {
      id: 'run-id',
      setId: 'set-id',
      name: 'Questions, GradSAE',
      settings: { method: 'gradsae', includeSpecial: true, explain: 'greedy', targetKind: 'logit' },
      model: 'storyteller',
      sae: 'layer 3',
      hook: 'blocks.3.hook_resid_post',
      done: 2,
      batches: 2,
      failed: 1,
      prompts: 3,
      notes: '',
      createdAt: '2026-01-02T03:04:05.000Z',
      bench: { model: '/m', sae: '/s', hook: null, device: 'auto', reading: {} },
      provenance: null,
      doneBatches: [0, 1]
    },
    setName: 'Questions',
    aggregate: {
      prompts: 2,
      failed: 1,
      topK: 10,
      groups: ['sad', 'happy'],
      resamples: 1000,
      latents: [
        {
          latent: 100,
          mean: { value: 0.25, low: 0.125, high: 0.375 },
          active: 1,
          inTop: 0.5,
          maxActivation: 4,
          difference: { value: 0.1, low: -0.05, high: 0.3 },
          p: 0.04,
          q: 0.08
        }
      ],
      total: 31,
      stability: { paraphrases: { value: 0.8, low: 0.7, high: 0.9 }, others: { value: 0.3, low: 0.2, high: 0.4 }, families: 2 }
    },
    failures: [{ id: 'three', message: 'The prompt is longer than the model’s context.' }],
    ...change
  }
}
