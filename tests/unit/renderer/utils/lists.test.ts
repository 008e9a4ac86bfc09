import { describe, expect, it } from 'vitest'
import { pressName } from '../../../../src/renderer/components/frame/keys'
import { toTsv } from '../../../../src/renderer/utils/clipboard'
import { clampToStep, parseNumber } from '../../../../src/renderer/utils/number-input'
import { findEntries } from '../../../../src/renderer/utils/palette'
import { promptTitle, promptTree } from '../../../../src/renderer/utils/prompt-tree'
import { rangeBetween, rowsAsTsv } from '../../../../src/renderer/utils/table'

describe('the prompt tree', () => {
  const prompt = (id: string, groupId: string | null, position: number, name: string): Parameters<typeof promptTree>[1][number] => ({
    id,
    groupId,
    position,
    name,
    text: `text of ${name}`,
    chat: null,
    notes: '',
    updatedAt: ''
  })
  const groups = [
    { id: 'b', name: 'B', position: 1 },
    { id: 'a', name: 'A', position: 0 }
  ]
  const prompts = [
    prompt('2', 'a', 1, 'second'),
    prompt('1', 'a', 0, 'first'),
    prompt('3', null, 0, 'loose'),
    prompt('4', 'gone', 1, 'orphan')
  ]

  it('keeps groups and prompts in their order, empty groups too, and loose prompts last', () => {
    expect(promptTree(groups, prompts, '').map((branch) => [branch.id, branch.prompts.map((each) => each.id)])).toEqual([
      ['a', ['1', '2']],
      ['b', []],
      [null, ['3', '4']]
    ])
  })

  it('keeps only what a search finds, by name or text', () => {
    expect(promptTree(groups, prompts, 'SECOND').map((branch) => branch.prompts.map((each) => each.id))).toEqual([['2']])
    expect(promptTree(groups, prompts, 'nowhere')).toEqual([])
  })

  it('titles a prompt without a name by the beginning of its text', () => {
    expect(promptTitle({ name: '', text: '  Once\nupon ' })).toBe('Once upon')
    expect(promptTitle({ name: '', text: '' })).toBe('Untitled')
    expect(promptTitle({ name: '', text: 'x'.repeat(80) })).toHaveLength(61)
  })
})

describe('the palette', () => {
  const entries = [
    { kind: 'Prompt', label: 'A sad story', detail: 'Mia lost the ball' },
    { kind: 'Latent', label: '1203', detail: 'sadness words' },
    { kind: 'Action', label: 'Save the project as', detail: '' }
  ]

  it('finds entries that hold every word, in any of their parts', () => {
    expect(findEntries(entries, 'sad', 9).map((entry) => entry.kind)).toEqual(['Prompt', 'Latent'])
    expect(findEntries(entries, 'latent sad', 9).map((entry) => entry.kind)).toEqual(['Latent'])
  })

  it('puts entries first whose label begins with the words', () => {
    expect(findEntries(entries, 'a', 9)[0]?.label).toBe('A sad story')
    expect(findEntries(entries, 'sa', 9)[0]?.label).toBe('Save the project as')
  })

  it('lists at most as many as asked for', () => {
    expect(findEntries(entries, '', 2)).toHaveLength(2)
  })
})

describe('tables', () => {
  it('select a range in either direction', () => {
    expect(rangeBetween(['a', 'b', 'c', 'd'], 3, 1)).toEqual(['b', 'c', 'd'])
  })

  it('are copied with headers, full precision, and no stray tabs', () => {
    const columns = [
      { header: 'latent', value: (row: { latent: number; label: string | null }) => row.latent },
      { header: 'label', value: (row: { latent: number; label: string | null }) => row.label }
    ]
    expect(
      rowsAsTsv(columns, [
        { latent: 1 / 3, label: 'a\tb\nc' },
        { latent: 2, label: null }
      ])
    ).toBe('latent\tlabel\n0.3333333333333333\ta b c\n2\t')
    expect(toTsv([])).toBe('')
  })
})

describe('number fields', () => {
  it.each([
    ['1,5', 1.5],
    ['−2', -2],
    [' 1e-3 ', 0.001],
    ['1 000', 1000],
    ['abc', null],
    ['', null],
    ['1.2.3', null]
  ])('read "%s" as %s', (text, value) => {
    expect(parseNumber(text)).toBe(value)
  })

  it('keep values inside their bounds, without binary tails', () => {
    expect(clampToStep(0.1 + 0.2, 0, 1, 0.01)).toBe(0.3)
    expect(clampToStep(99, 0, 16, 1)).toBe(16)
    expect(clampToStep(-3, 1, 16, 1)).toBe(1)
  })
})

it('key presses are named with their modifiers, the Command key as Ctrl', () => {
  const press = { key: 'Z', ctrlKey: false, metaKey: true, shiftKey: true, altKey: false }
  expect(pressName(press)).toBe('ctrl+shift+z')
})
