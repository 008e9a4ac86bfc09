import type { Component } from 'vue'

export interface SelectOption<Value extends string = string> {
  value: Value
  label: string
  /** A second, quieter line. */
  note?: string
  disabled?: boolean
}

/** One line of a menu or context menu. */
export interface MenuItem {
  label: string
  icon?: Component
  /** Keyboard shortcut, as shown. */
  keys?: string
  run?: () => void
  disabled?: boolean
  danger?: boolean
  checked?: boolean
  children?: readonly MenuItem[]
  /** A line above this item. */
  separated?: boolean
  testid?: string
}

/** One column of a DataTable. */
export interface DataColumn<Row> {
  id: string
  header: string
  /** What the column means, with formula and unit; shown on hover of its header. */
  hint?: string
  /** Sorted by and copied; null sorts last. */
  value: (row: Row) => number | string | null
  /** Shown; the value itself when absent. Cells may also be drawn by a `cell-<id>` slot. */
  text?: (row: Row) => string
  align?: 'start' | 'end'
  /** Width in px; a growing column takes what is left, at least this much. */
  size: number
  /** Share of the room that is left; true counts 1. */
  grow?: boolean | number
  sortable?: boolean
  /** First click sorts from large to small. */
  descendingFirst?: boolean
  mono?: boolean
}

export interface SortState {
  id: string
  descending: boolean
}

/** An error as the window shows it. */
export interface ShownError {
  message: string
  fix: string
  details: string
}

/** One fact of a result's footer. */
export interface FooterFact {
  readonly name: string
  readonly value: string
  readonly hint: string
  readonly testid?: string
}
