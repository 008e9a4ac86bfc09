/** Set runs and experiments as tidy tables: one row per latent of a set, per cell of a result's table, per point of its curves. */
import type { ResultCell } from '../../shared/records/experiment'
import { writeCsv, type CsvCell } from './csv'
import type { ReportedExperiment, ReportedSetRun } from './report'

type Row = Record<string, CsvCell>

/** One row per latent of each run's aggregate, largest mean first. Scores in the target's unit, shares from 0 to 1. */
export function setLatentsCsv(setRuns: readonly ReportedSetRun[]): string {
  return writeCsv(
    setRuns.flatMap(({ run, setName, aggregate }) =>
      aggregate.latents.map(({ latent, mean, active, inTop, maxActivation, difference, p, q }, at): Row => ({
        run_id: run.id,
        run: run.name,
        set: setName,
        method: run.settings.method,
        hook: run.hook,
        prompts: aggregate.prompts,
        failed: aggregate.failed,
        rank: at + 1,
        latent,
        mean: mean.value,
        mean_low: mean.low,
        mean_high: mean.high,
        active,
        in_top: inTop,
        top_k: aggregate.topK,
        max_activation: maxActivation,
        group_1: aggregate.groups?.[0] ?? null,
        group_2: aggregate.groups?.[1] ?? null,
        difference: difference?.value ?? null,
        difference_low: difference?.low ?? null,
        difference_high: difference?.high ?? null,
        p,
        q
      }))
    )
  )
}

/** One row per cell of each table of each result; `row` counts from 1, and `row_name` is the row's first text. */
export function tablesCsv(experiments: readonly ReportedExperiment[]): string {
  return writeCsv(
    experiments.flatMap((saved) =>
      (saved.result?.tables ?? []).flatMap((table) =>
        table.rows.flatMap((row, at) =>
          table.columns.map((column, place): Row => ({
            ...head(saved),
            sentence: saved.result?.sentence ?? null,
            table: table.name,
            row: at + 1,
            row_name: row.find((cell) => typeof cell === 'string') ?? null,
            column: column.key,
            unit: column.unit,
            ...cellOf(row[place] ?? null)
          }))
        )
      )
    )
  )
}

/** One row per point of each series of each curve. */
export function curvesCsv(experiments: readonly ReportedExperiment[]): string {
  return writeCsv(
    experiments.flatMap((saved) =>
      (saved.result?.curves ?? []).flatMap((curve) =>
        curve.series.flatMap(({ name, points }) =>
          points.map(({ x, y, low, high }): Row => ({ ...head(saved), curve: curve.name, series: name, x, y, low, high }))
        )
      )
    )
  )
}

const head = ({ id, name, experiment, result }: ReportedExperiment): Row => ({
  experiment_id: id,
  experiment: name,
  kind: experiment,
  prompts: result?.prompts ?? null
})

function cellOf(cell: ResultCell): Row {
  if (cell === null) return { text: null, value: null, low: null, high: null }
  if (typeof cell === 'string') return { text: cell, value: null, low: null, high: null }
  if (typeof cell === 'number') return { text: null, value: cell, low: null, high: null }
  return { text: null, ...cell }
}
