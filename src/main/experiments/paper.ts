/** Numbers of the GradSAE paper (Shu et al. 2025, arXiv 2505.08080, Table 1: Gemma-2-9B-IT, layer 9), to stand beside ours. */
import type { ResultTable } from '../../shared/records/experiment'

const COLUMNS = ['K = 1', 'K = 10', 'K = 20', 'K = 30', 'K = 50 %']

/** Method, end, metric, and one number in % for each of COLUMNS. */
type Row = readonly [string, string, string, ...number[]]

const MASKING: readonly Row[] = [
  ['mean-activation', 'top', 'EM', 94.79, 91.81, 85.47, 75.42, 53.42],
  ['mean-activation', 'top', 'F1', 97.04, 94.46, 88.49, 79.62, 58.46],
  ['gradsae', 'top', 'EM', 80.45, 51.21, 39.48, 37.8, 30.58],
  ['gradsae', 'top', 'F1', 82.67, 60.46, 50.51, 49.37, 43.33],
  ['mean-activation', 'bottom', 'EM', 100, 98.51, 98.51, 98.51, 98.41],
  ['mean-activation', 'bottom', 'F1', 100, 99.93, 99.93, 99.93, 99.84],
  ['gradsae', 'bottom', 'EM', 100, 98.14, 98.14, 98.14, 98.21],
  ['gradsae', 'bottom', 'F1', 100, 99.68, 99.68, 99.68, 99.66]
]

const STEERING: readonly Row[] = [
  ['mean-activation', 'top', 'EM', 4.18, 4.59, 2.19, 1, 0.2],
  ['mean-activation', 'top', 'F1', 5.77, 6.69, 3.32, 1.62, 0.55],
  ['gradsae', 'top', 'EM', 4.58, 7.99, 4.78, 3.59, 3.39],
  ['gradsae', 'top', 'F1', 6.43, 10.21, 6.63, 4.88, 4.58],
  ['mean-activation', 'bottom', 'EM', 0, 0, 0, 0, 0],
  ['mean-activation', 'bottom', 'F1', 0, 0, 0, 0, 0],
  ['gradsae', 'bottom', 'EM', 0, 0, 0, 0, 0],
  ['gradsae', 'bottom', 'F1', 0, 0, 0, 0, 0]
]

const NOTE =
  'Gemma-2-9B-IT, Gemma Scope layer 9 with 131,072 latents (about 103 active at the last token), SQuAD validation; no intervals were published.'

/** The upper half of Table 1. */
export function paperMasking(): ResultTable {
  return table('paper', 'The paper’s Table 1, upper half: masking', MASKING, NOTE)
}

/** The lower half of Table 1. */
export function paperSteering(): ResultTable {
  return table('paper', 'The paper’s Table 1, lower half: local steering', STEERING, NOTE)
}

function table(name: string, title: string, rows: readonly Row[], note: string): ResultTable {
  const words = [
    { key: 'method', label: 'Method', unit: '' },
    { key: 'end', label: 'Latents', unit: '' },
    { key: 'metric', label: 'Metric', unit: '' }
  ]
  return {
    name,
    title,
    columns: [...words, ...COLUMNS.map((label) => ({ key: keyOf(label), label, unit: '%' }))],
    rows: rows.map((row) => [...row]),
    note
  }
}

/** "K = 50 %" -> "k50_percent": the name of a column in files. */
export function keyOf(label: string): string {
  return label.replace('K = ', 'k').replace(' %', '_percent').replace('.', '_')
}
