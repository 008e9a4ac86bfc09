/** The results as one table for people, or as one object for programs. */
import { cpus, loadavg } from 'node:os'
import type { DecodingTimes } from './decoding'
import type { LayersTimes } from './layers'
import type { PeerTimes } from './peer'
import type { SetTimes } from './set'
import type { SubjectTimes } from './work'

export interface Results {
  readonly processor: string
  readonly cores: number
  /** Measured float32 matrix-multiply rate, in 10^9 operations a second. */
  readonly gigaRate: number
  readonly subjects: readonly SubjectTimes[]
  /** Prompt sets on the first subject. */
  readonly sets: readonly SetTimes[]
  readonly layers: readonly LayersTimes[]
  readonly decoding: readonly DecodingTimes[]
  readonly peer: PeerTimes | null
}

/** What is measured, and the wanted figure where there is one. Development figures of two cores, in milliseconds. */
const WANTED: Readonly<Record<number, number>> = { 16: 85, 64: 150, 256: 550 }
const WANTED_RATIO = 3.5
const WANTED_SET_RATIO = 1.5
const WANTED_PEER = 1
const WANTED_EIGHT = 4
const WANTED_FIRST = 150

export function asTable(results: Results): string {
  const { processor, cores, gigaRate, subjects, sets, peer } = results
  const rows: [string, string, string][] = []
  for (const [index, { subject, attribution, generation, loadMilliseconds, peakBytes }] of subjects.entries()) {
    rows.push([subject.name, '', ''])
    for (const { method, tokens, milliseconds, gigaOperations } of attribution) {
      const wanted = index === 0 && method === 'attribution' ? `, figure to beat ${WANTED[tokens]} ms` : ''
      const share = share100(gigaOperations, milliseconds, gigaRate)
      rows.push([`  ${method}, ${tokens} tokens`, `${number(milliseconds)} ms`, `${share} % of the multiply rate${wanted}`])
    }
    for (const { columns, tokensPerSecond } of generation) {
      rows.push([
        `  generation, ${columns} column${columns === 1 ? '' : 's'}`,
        `${number(tokensPerSecond)} tokens/s`,
        'greedy, 32 tokens each after 64'
      ])
    }
    rows.push(['  load', `${number(loadMilliseconds)} ms`, 'from the folder to the first ranking'])
    rows.push(['  peak memory', `${number(peakBytes / 2 ** 20)} MiB`, 'of the process so far'])
  }
  rows.push(...results.layers.flatMap(layersRows))
  for (const [index, { method, prompts, tokens, batched, single }] of sets.entries()) {
    if (index === 0) rows.push([`A set of ${prompts} prompts of ${tokens} tokens, ${subjects[0]?.subject.name ?? ''}`, '', ''])
    const ratio = `${(batched / single).toFixed(2)} times the ${number(single)} of one by one, at least ${WANTED_SET_RATIO} wanted`
    rows.push([`  ${method} in batches`, `${number(batched)} prompts/s`, ratio])
  }
  rows.push(...results.decoding.flatMap(decodingRows))
  if (peer !== null) rows.push(...peerRows(results, peer))
  const head = `${processor}, ${cores} cores; matrix multiply ${number(gigaRate)} GFLOP/s (float32, 1024 x 1024, same runtime)`
  return [head, '', ...align(rows)].join('\n')
}

/** Decoding alone, and how busy the machine was meanwhile. */
export function decodingTable(times: readonly DecodingTimes[]): string {
  const [load = NaN] = loadavg()
  return [`${cpus().length} cores, load ${load.toFixed(1)} (1 minute)`, '', ...align(times.flatMap(decodingRows))].join('\n')
}

function decodingRows({ subject, columns, firstToken, peer, againstPeer, eightOverOne }: DecodingTimes): [string, string, string][] {
  const notes: Record<number, string> = {
    1: `${againstPeer.toFixed(2)} times transformers.js, at least ${WANTED_PEER} wanted`,
    8: `${eightOverOne.toFixed(2)} times one column, at least ${WANTED_EIGHT} wanted`
  }
  return [
    [`decoding: ${subject.name}`, '', 'greedy, 64 tokens each after 64'],
    ...columns.map(({ columns: count, tokensPerSecond }): [string, string, string] => [
      `  ${count === 1 ? 'the baseline alone' : `${count} columns, one the baseline`}`,
      `${number(tokensPerSecond)} tokens/s`,
      notes[count] ?? ''
    ]),
    [
      '  first token of 4 columns',
      `${number(firstToken.warm)} ms`,
      `at most ${WANTED_FIRST} wanted; ${number(firstToken.cold)} ms where sessions are loaded first`
    ],
    ['  transformers.js, alone', `${number(peer)} tokens/s`, 'the same graph and weights']
  ]
}

function layersRows({ subject, times }: LayersTimes): [string, string, string][] {
  return [
    [`${subject.name}: ${subject.layers.map(({ hook }) => hook).join(', ')}`, '', ''],
    ...times.map(({ tokens, layers, together, alone, ratio }): [string, string, string] => [
      `  ${layers} layers together, ${tokens} tokens`,
      `${number(together)} ms`,
      `${ratio.toFixed(2)} times one layer alone (${alone.map(number).join(', ')} ms)`
    ])
  ]
}

function peerRows({ subjects }: Results, { torch, threads, prompts }: PeerTimes): [string, string, string][] {
  const rows: [string, string, string][] = [[`gradsae in eager PyTorch ${torch}, ${threads} thread${threads === 1 ? '' : 's'}`, '', '']]
  for (const { tokens, published, tuned } of prompts) {
    const ours = subjects[0]?.attribution.find((one) => one.method === 'gradsae' && one.tokens === tokens)?.milliseconds ?? NaN
    const wanted = tokens === 64 ? `, at least ${WANTED_RATIO} wanted` : ''
    rows.push([`  as published, ${tokens} tokens`, `${number(published)} ms`, `${(published / ours).toFixed(2)} times ours${wanted}`])
    rows.push([`  hand-tuned, ${tokens} tokens`, `${number(tuned)} ms`, `${(tuned / ours).toFixed(2)} times ours`])
  }
  return rows
}

/** The same numbers under plain names; the rankings are left out. */
export function asJson({ processor, cores, gigaRate, subjects, layers, decoding, peer }: Results): unknown {
  return {
    machine: { processor, cores, matMulGflops: gigaRate },
    node: process.version,
    subjects: subjects.map(({ subject, attribution, generation, loadMilliseconds, peakBytes }) => ({
      name: subject.name,
      hook: subject.hook,
      loadMilliseconds,
      peakBytes,
      attribution: attribution.map(({ method, tokens, milliseconds, gigaOperations }) => ({
        method,
        tokens,
        milliseconds,
        gigaOperations,
        shareOfMatMulRate: gigaOperations / (milliseconds / 1000) / gigaRate
      })),
      generation
    })),
    layers: layers.map(({ subject, times }) => ({ name: subject.name, hooks: subject.layers.map(({ hook }) => hook), times })),
    decoding: decoding.map(({ subject, ...times }) => ({ name: subject.name, ...times })),
    peer
  }
}

function share100(gigaOperations: number, milliseconds: number, gigaRate: number): string {
  return ((100 * gigaOperations) / (milliseconds / 1000) / gigaRate).toFixed(0)
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

export function align(rows: readonly [string, string, string][]): string[] {
  const first = Math.max(...rows.filter(([, value]) => value !== '').map(([what]) => what.length))
  const second = Math.max(...rows.map(([, value]) => value.length))
  return rows.map(([what, value, note]) => (value === '' ? what : `${what.padEnd(first)}  ${value.padStart(second)}  ${note}`))
}
