import { defineStore } from 'pinia'
import type { ChatInput } from '../../shared/records/token'
import { archive } from '../bridge'
import { promptTitle } from '../utils/prompt-tree'
import { useProject } from './project'

/** Changes to the prompts and groups of the open project. */
export const usePrompts = defineStore('prompts', () => {
  const project = useProject()

  async function add(text: string, name: string, groupId: string | null): Promise<string | null> {
    return (await project.change(() => archive.call('prompts.add', { text, name, groupId })))?.id ?? null
  }

  async function duplicate(id: string): Promise<string | null> {
    return (await project.change(() => archive.call('prompts.duplicate', { id })))?.id ?? null
  }

  async function update(
    id: string,
    patch: { text?: string; chat?: ChatInput | null; name?: string; groupId?: string | null; position?: number }
  ): Promise<void> {
    await project.change(() => archive.call('prompts.update', { id, ...patch }))
  }

  async function remove(id: string): Promise<void> {
    const prompt = project.prompts.find((each) => each.id === id)
    await project.remove(`the prompt “${prompt ? promptTitle(prompt) : ''}”`, () => archive.call('prompts.delete', { id }))
  }

  async function addGroup(name: string): Promise<string | null> {
    return (await project.change(() => archive.call('groups.add', { name })))?.id ?? null
  }

  async function renameGroup(id: string, name: string): Promise<void> {
    await project.change(() => archive.call('groups.update', { id, name }))
  }

  async function removeGroup(id: string): Promise<void> {
    const group = project.groups.find((each) => each.id === id)
    await project.remove(`the group “${group?.name ?? ''}” and kept its prompts`, () => archive.call('groups.delete', { id }))
  }

  /** Puts a prompt into `groupId`, before the prompt `beforeId` or at the end. */
  async function move(id: string, groupId: string | null, beforeId: string | null): Promise<void> {
    const others = project.prompts.filter((each) => each.groupId === groupId && each.id !== id)
    const at = beforeId === null ? others.length : others.findIndex((each) => each.id === beforeId)
    const previous = others[at - 1]?.position
    const next = others[at]?.position
    const position =
      previous === undefined ? (next === undefined ? 0 : next - 1) : next === undefined ? previous + 1 : (previous + next) / 2
    await update(id, { groupId, position })
  }

  return { add, duplicate, update, remove, addGroup, renameGroup, removeGroup, move }
})
