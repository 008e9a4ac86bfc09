import type { PromptGroup, PromptRecord } from '../../shared/records/project'

export interface PromptBranch {
  /** Null for prompts outside every group; that branch comes last. */
  id: string | null
  name: string
  prompts: PromptRecord[]
}

/** Groups with their prompts in order; with a query, only prompts whose name or text holds it, and groups that keep any. */
export function promptTree(groups: readonly PromptGroup[], prompts: readonly PromptRecord[], query: string): PromptBranch[] {
  const wanted = query.trim().toLowerCase()
  const found = prompts
    .filter((prompt) => wanted === '' || prompt.name.toLowerCase().includes(wanted) || prompt.text.toLowerCase().includes(wanted))
    .sort((a, b) => a.position - b.position)
  const known = new Set(groups.map((group) => group.id))
  const branches: PromptBranch[] = [...groups]
    .sort((a, b) => a.position - b.position)
    .map((group) => ({ id: group.id, name: group.name, prompts: found.filter((prompt) => prompt.groupId === group.id) }))
  const loose = found.filter((prompt) => prompt.groupId === null || !known.has(prompt.groupId))
  if (loose.length > 0) branches.push({ id: null, name: '', prompts: loose })
  return wanted === '' ? branches : branches.filter((branch) => branch.prompts.length > 0)
}

const TITLE_LENGTH = 60

/** A prompt's name; without one, the beginning of its text. */
export function promptTitle(prompt: Pick<PromptRecord, 'name' | 'text'>): string {
  if (prompt.name !== '') return prompt.name
  const text = prompt.text.replace(/\s+/g, ' ').trim()
  if (text === '') return 'Untitled'
  return text.length > TITLE_LENGTH ? `${text.slice(0, TITLE_LENGTH)}…` : text
}
