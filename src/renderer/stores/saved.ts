import { defineStore } from 'pinia'
import { archive, shell } from '../bridge'
import { shown } from '../utils/errors'
import { plural } from '../utils/format'
import { useProject } from './project'
import { useToasts } from './toasts'

export type TokenFormat = 'csv' | 'json' | 'parquet'

/** Renaming, deleting and exporting what the project keeps besides prompts: rankings, recipes, comparisons. */
export const useSaved = defineStore('saved', () => {
  const project = useProject()
  const toasts = useToasts()

  async function renameRanking(id: string, name: string): Promise<void> {
    await project.change(() => archive.call('rankings.update', { id, name }))
  }

  async function renameComparison(id: string, name: string): Promise<void> {
    await project.change(() => archive.call('comparisons.update', { id, name }))
  }

  async function removeRanking(id: string, name: string): Promise<void> {
    await project.remove(`the ranking “${name}”`, () => archive.call('rankings.delete', { id }))
  }

  async function removeRecipe(id: string, name: string): Promise<void> {
    await project.remove(`the recipe “${name}”`, () => archive.call('recipes.delete', { id }))
  }

  async function removeComparison(id: string, name: string): Promise<void> {
    await project.remove(`the comparison “${name}”`, () => archive.call('comparisons.delete', { id }))
  }

  /** Writes every token of a saved comparison with its numbers; asks where to. */
  async function exportTokens(id: string, name: string, format: TokenFormat): Promise<void> {
    try {
      const { path } = await shell.call('dialog.exportFile', { name, extension: format, kind: 'Tokens of a comparison' })
      if (path === null) return
      const written = await archive.call('comparisons.export', { ids: [id], path, format })
      toasts.show(`Wrote ${plural(written.rows, 'token')} to ${written.path}`, { tone: 'good' })
    } catch (thrown) {
      const { message, fix } = shown(thrown)
      toasts.show(`${message} ${fix}`, { tone: 'bad' })
    }
  }

  return { exportTokens, renameRanking, renameComparison, removeRanking, removeRecipe, removeComparison }
})
