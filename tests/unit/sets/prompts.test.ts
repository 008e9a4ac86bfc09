import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lookAtPrompts, parsePrompts, suggestColumns } from '../../../src/main/sets/prompts'
import { lookIntoPrompts, readPrompts } from '../../../src/main/sets/read'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

const NOTHING = { answer: null, target: null, counterfactual: null, group: null, paraphrase: null }

describe('prompts of a JSONL file', () => {
  it('are text or token ids, with what else their rows say', () => {
    const text = [
      '{"prompt": "Once upon", "id": 7, "answer": "a time", "group": "sad", "paraphrase": "p1", "counterfactual": "Twice upon"}',
      '',
      '{"tokens": [1, 2, 3], "target": " cat", "counterfactual": [4, 5, 6]}',
      '{"prompt": "x", "target": {"plus": [{"text": " a"}], "minus": [{"id": 5}]}}',
      '{"prompt": "y", "target": 12}',
      '{"prompt": ""}'
    ].join('\r\n')
    expect(parsePrompts('p.jsonl', text, null)).toStrictEqual([
      {
        id: '7',
        prompt: { text: 'Once upon' },
        answer: 'a time',
        target: null,
        counterfactual: { text: 'Twice upon' },
        group: 'sad',
        paraphrase: 'p1'
      },
      { ...NOTHING, id: '2', prompt: { ids: [1, 2, 3] }, target: { text: ' cat' }, counterfactual: { ids: [4, 5, 6] } },
      { ...NOTHING, id: '3', prompt: { text: 'x' }, target: { plus: [{ text: ' a' }], minus: [{ id: 5 }] } },
      { ...NOTHING, id: '4', prompt: { text: 'y' }, target: { id: 12 } },
      { ...NOTHING, id: '5', prompt: { text: '' } }
    ])
  })

  it('are refused by line and column', async () => {
    const refused = (text: string): Promise<string> => failureOf(() => parsePrompts('p.jsonl', text, null))
    expect(await refused('{"prompt": "a"}\n{"prompt"')).toBe(
      'p.jsonl cannot be used as prompts: line 2: it does not hold a JSON object. Correct it and try again. ' +
        'Each row needs a prompt; id, answer, target, counterfactual, group and paraphrase are optional.'
    )
    expect(await refused('{"prompt": "a", "id": "x"}\n\n{"prompt": "b", "id": "x"}')).toContain(
      'line 3, column "id": the id "x" is that of line 1, too'
    )
    expect(await refused('{"prompt": "a"}\n{"answer": "b"}')).toContain('line 2, column "prompt": there is no prompt')
    expect(await refused('{"prompt": {"x": 1}}')).toContain('column "prompt": it is neither text nor a list of token ids')
    expect(await refused('{"prompt": [1, -2]}')).toContain('-2 is not a token id')
    expect(await refused('{"prompt": [1, 2.5]}')).toContain('2.5 is not a token id')
    expect(await refused('{"prompt": "a", "target": {"plus": []}}')).toContain('column "target": it is not a target')
    expect(await refused('{"prompt": "a", "target": 1.5}')).toContain('1.5 is not a token id')
    expect(await refused('{"prompt": "a", "answer": ["b"]}')).toContain('column "answer": it is not text')
    expect(await refused('{"words": "a"}')).toContain('the columns: none of words is called prompt')
    expect(await refused('')).toContain('the columns')
    expect(await refused(`{"prompt": ${'['.repeat(100)}${']'.repeat(100)}}`)).toContain('nests more than 64 levels')
    expect(await failureOf(() => parsePrompts('p.txt', 'a', null))).toContain('its name ends neither with .csv nor with .jsonl')
  })

  it('take no column from the prototypes of objects', async () => {
    expect(
      await failureOf(() => parsePrompts('p.jsonl', '{"prompt": "a"}', { ...NOTHING, id: 'constructor', prompt: 'prompt' }))
    ).toContain('there is no "constructor"')
    const [first] = parsePrompts('p.jsonl', '{"__proto__": {"answer": "no"}, "prompt": "a"}\n{"prompt": "b", "answer": "c"}', null)
    expect(first?.answer).toBeNull()
  })
})

describe('prompts of a CSV file', () => {
  it('may be separated by commas, semicolons or tabs, and break lines in quotes', () => {
    const comma = parsePrompts('p.csv', '\uFEFFprompt,answer\r\n"one, two\r\nthree",x\r\n"say ""hi""",\r\n', null)
    expect(comma.map(({ prompt, answer }) => [prompt, answer])).toStrictEqual([
      [{ text: 'one, two\r\nthree' }, 'x'],
      [{ text: 'say "hi"' }, null]
    ])
    expect(parsePrompts('p.csv', 'Text;Group\na, b;sad\n', null)).toStrictEqual([
      { ...NOTHING, id: '1', prompt: { text: 'a, b' }, group: 'sad' }
    ])
    expect(parsePrompts('p.tsv', 'text\tid\nq\tr', null)).toStrictEqual([{ ...NOTHING, id: 'r', prompt: { text: 'q' } }])
    expect(parsePrompts('p.csv', 'prompt\nalone\n', null)[0]?.prompt).toStrictEqual({ text: 'alone' })
  })

  it('are token ids in a column called so, and targets may be JSON', () => {
    const text = 'prompt,tokens,target\n,"[1, 2]","{""id"": 3}"\nwords,4,{\n,5 6,\n'
    expect(parsePrompts('p.csv', text, null).map(({ prompt, target }) => [prompt, target])).toStrictEqual([
      [{ ids: [1, 2] }, { id: 3 }],
      [{ text: 'words' }, { text: '{' }],
      [{ ids: [5, 6] }, null]
    ])
  })

  it('are refused by the line they begin at', async () => {
    const refused = (text: string): Promise<string> => failureOf(() => parsePrompts('p.csv', text, null))
    expect(await refused('prompt,id\n"a\nb",1\nc,d,2\n')).toContain('line 4: it has 3 cells and the first line 2')
    expect(await refused('prompt,id\na\n')).toContain('line 2: it has 1 cells and the first line 2')
    expect(await refused('prompt,prompt\na,b\n')).toContain('line 1: two columns are called "prompt"')
    expect(await refused('prompt\n"a\n')).toContain('line 2')
    expect(await refused('tokens\n1 x\n')).toContain('column "tokens": "x" is not a token id')
    expect(await refused('prompt\n')).toContain('the file: it holds no prompts')
  })

  it('come from the columns that a person chose', async () => {
    const columns = { ...NOTHING, id: null, prompt: 'b', answer: 'a' }
    expect(parsePrompts('p.csv', 'a,b\n1,2\n', columns)).toStrictEqual([{ ...NOTHING, id: '1', prompt: { text: '2' }, answer: '1' }])
    expect(await failureOf(() => parsePrompts('p.csv', 'a,c\n1,2\n', columns))).toContain('there is no "b"; there are a, c')
  })
})

describe('a file of prompts', () => {
  it('is looked into before it is imported', async () => {
    const path = join(await temporaryFolder(), 'p.jsonl')
    await writeFile(path, '{"question": "q", "label": "l", "n": [1]}\n'.repeat(7))
    expect(await lookIntoPrompts(path)).toStrictEqual({
      columns: ['question', 'label', 'n'],
      rows: 7,
      first: Array.from({ length: 5 }, () => ({ question: 'q', label: 'l', n: '[1]' })),
      suggestion: { ...NOTHING, prompt: 'question', id: null, answer: 'label' }
    })
    expect((await readPrompts(path, null)).map(({ id }) => id)).toStrictEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(lookAtPrompts('p.csv', '').suggestion).toBeNull()
    expect(suggestColumns(['Prompt', 'CORRUPTED', 'class'])).toMatchObject({
      prompt: 'Prompt',
      counterfactual: 'CORRUPTED',
      group: 'class'
    })
  })

  it('is refused where it is missing or no text', async () => {
    const path = join(await temporaryFolder(), 'p.csv')
    expect(await failureOf(() => readPrompts(path, null))).toContain('does not exist')
    await writeFile(path, Uint8Array.of(0x70, 0xff, 0xfe))
    expect(await failureOf(() => readPrompts(path, null))).toContain('it is not text in UTF-8')
  })
})
