import { describe, expect, it } from 'vitest'
import { computed, nextTick, ref } from 'vue'
import { useTableSelection } from '../../../../src/renderer/components/ui/table-selection'

function table(single = false) {
  const rows = ref(['a', 'b', 'c', 'd', 'e'])
  const selected = ref<ReadonlySet<string>>(new Set())
  const seen: number[] = []
  const selection = useTableSelection<string>({
    keys: computed(() => rows.value),
    selected: () => selected.value,
    single: () => single,
    page: () => 3,
    change: (keys) => (selected.value = keys),
    scrollTo: (index) => seen.push(index)
  })
  const press = (key: string, modifiers: { shiftKey?: boolean; ctrlKey?: boolean } = {}): boolean =>
    selection.key({ key, shiftKey: false, ctrlKey: false, metaKey: false, ...modifiers })
  return { rows, selected, seen, press, ...selection, chosen: () => [...selected.value].sort().join('') }
}

describe('selection in a table', () => {
  it('follows a click, is extended with Shift and toggled with Ctrl', () => {
    const { choose, chosen } = table()
    choose(1, false, false)
    expect(chosen()).toBe('b')
    choose(3, true, false)
    expect(chosen()).toBe('bcd')
    choose(2, false, true)
    expect(chosen()).toBe('bd')
  })

  it('moves with the arrows, and Shift keeps the row it began from', () => {
    const { choose, press, chosen, seen } = table()
    choose(1, false, false)
    press('ArrowDown', { shiftKey: true })
    press('ArrowDown', { shiftKey: true })
    expect(chosen()).toBe('bcd')
    press('ArrowUp', { shiftKey: true })
    expect(chosen()).toBe('bc')
    expect(seen.at(-1)).toBe(2)
  })

  it('goes to the ends and by pages, and stops there', () => {
    const { press, active } = table()
    press('End')
    expect(active.value).toBe(4)
    press('ArrowDown')
    expect(active.value).toBe(4)
    press('PageUp')
    expect(active.value).toBe(1)
    press('Home')
    expect(active.value).toBe(0)
  })

  it('takes all with Ctrl+A unless only one may be chosen', () => {
    const many = table()
    expect(many.press('a', { ctrlKey: true })).toBe(true)
    expect(many.chosen()).toBe('abcde')
    const one = table(true)
    expect(one.press('a', { ctrlKey: true })).toBe(false)
    expect(one.chosen()).toBe('')
  })

  it('stays with its row when the rows are sorted', async () => {
    const { choose, press, rows, active, chosen } = table()
    choose(1, false, false)
    rows.value = ['e', 'd', 'c', 'b', 'a']
    await nextTick()
    expect(active.value).toBe(3)
    press('ArrowDown', { shiftKey: true })
    expect(chosen()).toBe('ab')
  })
})
