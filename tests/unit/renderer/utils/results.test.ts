import { describe, expect, it } from 'vitest'
import {
  cellText,
  cellTexts,
  columnName,
  columnTexts,
  isNumeric,
  seriesNames,
  settingRows,
  tableCells
} from '../../../../src/renderer/utils/results'
import { sampleInfo, sampleResult } from '../../../support/experiments'

const [table] = sampleResult().tables
if (!table) throw new Error('The sample has a table.')
const FIGURE = '\u2007'
const POINT = '\u2008'

describe('cells of a result', () => {
  it('are text, numbers with their interval, or a dash', () => {
    expect(cellText('GradSAE')).toEqual({ value: 'GradSAE', interval: '' })
    expect(cellText({ value: 0.123456, low: 0.1, high: 0.2 })).toEqual({ value: '0.123', interval: '0.100 to 0.200' })
    expect(cellText(null)).toEqual({ value: '–', interval: '' })
  })

  it('line up at the decimal point, gaps among numbers too', () => {
    expect(isNumeric(table, 0)).toBe(false)
    expect(isNumeric(table, 2)).toBe(true)
    expect(columnTexts(table, 2).map(({ value }) => value)).toEqual([`21${POINT}${FIGURE}`, '95.3', `–${POINT}${FIGURE}`])
    expect(cellTexts([null, null]).map(({ value }) => value)).toEqual(['–', '–'])
  })

  it('are copied with the ends of intervals as columns of their own', () => {
    expect(tableCells(table)).toEqual([
      ['method', 'K (%)', 'EM (%)', 'EM (%) low', 'EM (%) high'],
      ['GradSAE', 10, 21, 12, 30],
      ['random', 10, 95.25, 90, 99],
      ['exact', 10, null, null, null]
    ])
  })

  it('stand under their label and unit', () => {
    expect(table.columns.map(columnName)).toEqual(['method', 'K (%)', 'EM (%)'])
    expect(columnName({ key: 'k', label: 'K = 50 %', unit: '%' })).toBe('K = 50 %')
  })
})

it('the series of a result are named once, in their order', () => {
  const result = sampleResult()
  expect(seriesNames({ curves: [...result.curves, ...result.curves] })).toEqual(['GradSAE', 'random'])
})

it('settings go by the labels of their fields, others by their keys', () => {
  expect(settingRows(sampleInfo.fields, { special: false, shares: [1, 10], version: 2, more: { a: 1 } })).toEqual([
    ['K, %', '1, 10'],
    ['Special tokens', 'no'],
    ['version', '2'],
    ['more', '{"a":1}']
  ])
})
