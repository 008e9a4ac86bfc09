import { ref, watch, type ComputedRef } from 'vue'
import { rangeBetween } from '../../utils/table'

export interface TableSelectionInput<Key> {
  /** Keys of the rows in the order shown. */
  keys: ComputedRef<readonly Key[]>
  selected: () => ReadonlySet<Key>
  single: () => boolean
  /** Rows that fit into the view, less two. */
  page: () => number
  change: (keys: Set<Key>) => void
  scrollTo: (index: number) => void
}

/** Which row is active and which are selected, by mouse and by keyboard, as in every desktop list. */
export function useTableSelection<Key>(input: TableSelectionInput<Key>) {
  const active = ref(-1)
  /** The row a Shift selection starts from, by key: rows move when they are sorted. */
  let anchor: Key | null = null

  /** A choice of the row at `index`: alone, extended from the anchor (Shift), or toggled (Ctrl). */
  function choose(index: number, extend: boolean, toggle: boolean): void {
    const keys = input.keys.value
    const key = keys[index]
    if (key === undefined) return
    let next: Set<Key>
    if (input.single() || (!extend && !toggle)) next = new Set([key])
    else if (extend) next = new Set([...(toggle ? input.selected() : []), ...rangeBetween(keys, anchorIndex(index), index)])
    else {
      next = new Set(input.selected())
      if (!next.delete(key)) next.add(key)
    }
    if (!extend || anchor === null) anchor = key
    active.value = index
    input.change(next)
  }

  function anchorIndex(otherwise: number): number {
    const at = anchor === null ? -1 : input.keys.value.indexOf(anchor)
    return at < 0 ? otherwise : at
  }

  function moveTo(index: number, extend: boolean): void {
    const target = Math.max(0, Math.min(input.keys.value.length - 1, index))
    choose(target, extend, false)
    input.scrollTo(target)
  }

  /** Handles a key that moves or selects; says whether it did. */
  function key(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey'>): boolean {
    const command = event.ctrlKey || event.metaKey
    const last = input.keys.value.length - 1
    if (event.key === ' ') choose(active.value, false, true)
    else if (command && event.key.toLowerCase() === 'a' && !input.single()) input.change(new Set(input.keys.value))
    else if (command) return false
    else if (event.key === 'ArrowDown') moveTo(active.value + 1, event.shiftKey)
    else if (event.key === 'ArrowUp') moveTo(active.value - 1, event.shiftKey)
    else if (event.key === 'PageDown') moveTo(active.value + input.page(), event.shiftKey)
    else if (event.key === 'PageUp') moveTo(active.value - input.page(), event.shiftKey)
    else if (event.key === 'Home') moveTo(0, event.shiftKey)
    else if (event.key === 'End') moveTo(last, event.shiftKey)
    else return false
    return true
  }

  // Sorting and filtering move rows: the active row stays the same row.
  watch(input.keys, (now, before) => {
    if (active.value < 0) return
    const key = before[active.value]
    active.value = key === undefined ? -1 : now.indexOf(key)
  })

  return { active, choose, key }
}
