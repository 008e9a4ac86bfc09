/** The questions that ship with the default model, about stories it has not seen (models/storyteller/CARD.md). */
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { fail } from '../../shared/errors'
import type { ExperimentName } from '../../shared/records/experiment'
import type { SetPrompt } from '../../shared/records/sets'
import { readPrompts } from '../sets/read'
import { parseJsonl } from '../tables/jsonl'
import { checkFile, failToRead } from '../tensors/files'
import { parseJson } from '../tensors/json'

const FOLDER = 'storyteller/eval'
const MAX_BYTES = 2 ** 26

const Beginnings = z.array(z.object({ concept: z.string(), prompt: z.string() }))
const Story = z.object({ id: z.string(), text: z.string(), qa: z.array(z.object({ question: z.string(), answer: z.string() })) })

/**
 * For most experiments one question about each story; for transplants all questions about each of the same stories, with the story as
 * their group; for sweeps beginnings of stories, for steerability beginnings of held-out stories with how they go on. `models` is the folder of models that ship with the app. @throws FILE_MISSING, FILE_UNREADABLE, PROMPTS_INVALID
 */
export async function defaultPrompts(models: string, experiment: ExperimentName): Promise<{ name: string; prompts: SetPrompt[] }> {
  const folder = join(models, FOLDER)
  if (experiment === 'transplant')
    return { name: 'Held-out questions, several about each story', prompts: await storyQuestions(join(folder, 'val_stories.jsonl')) }
  if (experiment === 'sweep') return { name: 'Story beginnings', prompts: await storyBeginnings(join(folder, 'prompts.json')) }
  if (experiment === 'steerability')
    return { name: 'Beginnings of held-out stories', prompts: await storyOpenings(join(folder, 'val_stories.jsonl')) }
  const columns = { prompt: 'prompt', id: 'id', answer: 'answer', target: null, counterfactual: null, group: null, paraphrase: null }
  const prompts = await readPrompts(join(folder, 'qa_eval.jsonl'), columns)
  return { name: 'Held-out questions', prompts: prompts.map((prompt) => ({ ...prompt, group: prompt.id })) }
}

/** The beginnings with which the model's card shows what moves it, grouped by what they are about. */
async function storyBeginnings(path: string): Promise<SetPrompt[]> {
  await checkFile(path, MAX_BYTES)
  const text = await readFile(path, 'utf8').catch((error: unknown) => failToRead(path, error))
  const found = Beginnings.safeParse(parseJson(text, path))
  if (!found.success) return fail('PROMPTS_INVALID', { path, where: 'the file', reason: 'it is no list of beginnings' })
  return found.data.map(({ concept, prompt }, at): SetPrompt => ({
    id: `${concept}-${at + 1}`,
    prompt: { text: prompt },
    answer: null,
    target: null,
    counterfactual: null,
    group: concept,
    paraphrase: null
  }))
}

/** How many stories begin, and after how many words they break off. */
const OPENINGS = 200
const OPENING_WORDS = 30

/** The first words of stories; what follows is their answer, so that the whole can be read. */
async function storyOpenings(path: string): Promise<SetPrompt[]> {
  await checkFile(path, MAX_BYTES)
  const text = await readFile(path, 'utf8').catch((error: unknown) => failToRead(path, error))
  const refuse = (line: number, reason: string): never => fail('PROMPTS_INVALID', { path, where: `line ${line}`, reason })
  const openings = parseJsonl(text, refuse).flatMap(({ at, value }): SetPrompt[] => {
    const story = Story.safeParse(value)
    if (!story.success) return refuse(at, 'it is no story with questions')
    const words = story.data.text.split(' ')
    if (words.length <= OPENING_WORDS) return []
    const [prompt, answer] = [words.slice(0, OPENING_WORDS), words.slice(OPENING_WORDS)].map((some) => some.join(' '))
    return [
      {
        id: story.data.id,
        prompt: { text: prompt ?? '' },
        answer: answer ?? '',
        target: null,
        counterfactual: null,
        group: story.data.id,
        paraphrase: null
      }
    ]
  })
  return openings.slice(0, OPENINGS)
}

/** Stories with two questions or more, in the format the model was trained on. */
async function storyQuestions(path: string): Promise<SetPrompt[]> {
  await checkFile(path, MAX_BYTES)
  const text = await readFile(path, 'utf8').catch((error: unknown) => failToRead(path, error))
  const refuse = (line: number, reason: string): never => fail('PROMPTS_INVALID', { path, where: `line ${line}`, reason })
  return parseJsonl(text, refuse).flatMap(({ at, value }) => {
    const story = Story.safeParse(value)
    if (!story.success) return refuse(at, 'it is no story with questions')
    const { id, text: about, qa } = story.data
    if (qa.length < 2) return []
    return qa.map(({ question, answer }, number): SetPrompt => ({
      id: `${id}/${number + 1}`,
      prompt: { text: `${about}\nQuestion: ${question}\nAnswer:` },
      answer,
      target: null,
      counterfactual: null,
      group: id,
      paraphrase: null
    }))
  })
}
