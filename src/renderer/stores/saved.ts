import { defineStore } from 'pinia'
import { archive } from '../bridge'
import { useProject } from './project'

/** Renaming and deleting what the project keeps besides prompts: rankings, recipes, comparisons. */
export const useSaved = defineStore('saved', () => {
  const project = useProject()

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

  return { renameRanking, renameComparison, removeRanking, removeRecipe, removeComparison }
})
