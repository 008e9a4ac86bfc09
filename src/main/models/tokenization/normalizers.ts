/** Stages that change the text before it is split. One line in the table for each. */
import { z } from 'zod'
import { spellBytes } from './byte-alphabet'
import { charsmapOf } from './charsmap'
import { patternOf } from './patterns'
import { trimEnd, trimStart } from './text'
import type { Build, Change, Step } from './types'

const NORMALIZERS: Readonly<Record<string, (step: Step, build: Build) => Change>> = {
  Sequence: ({ normalizers = [] }, build) => inSequence(normalizers.map((step) => normalizerOf(step, build))),
  NFC: () => (text) => text.normalize('NFC'),
  NFD: () => (text) => text.normalize('NFD'),
  NFKC: () => (text) => text.normalize('NFKC'),
  NFKD: () => (text) => text.normalize('NFKD'),
  Prepend: ({ prepend }, { begins }) => {
    const added = z.string().catch('').parse(prepend)
    return (text) => (begins && text !== '' ? added + text : text)
  },
  Replace: replace,
  Strip: ({ strip_left, strip_right }) => (text) => {
    const left = strip_left === false ? text : trimStart(text)
    return strip_right === false ? left : trimEnd(left)
  },
  StripAccents: () => (text) => text.replace(/\p{M}/gu, ''),
  // Character by character: JavaScript's own toLowerCase looks at the neighbours of a sigma.
  Lowercase: () => (text) => Array.from(text, (character) => character.toLowerCase()).join(''),
  ByteLevel: () => spellBytes,
  Nmt: () => nmt,
  Precompiled: ({ precompiled_charsmap, longest }, { refuse }) => charsmapOf(precompiled_charsmap, longest === true, refuse)
}

/** @throws what `refuse` throws, for a stage that is not known */
export function normalizerOf(step: Step | null | undefined, build: Build): Change {
  if (!step) return (text) => text
  const known = Object.hasOwn(NORMALIZERS, step.type) ? NORMALIZERS[step.type] : undefined
  const supported = Object.keys(NORMALIZERS).join(', ')
  return known?.(step, build) ?? build.refuse(`its normalizer "${step.type}" is not supported (supported are: ${supported})`)
}

function inSequence(changes: readonly Change[]): Change {
  return (text) => changes.reduce((changed, change) => change(changed), text)
}

function replace({ pattern, content }: Step, { refuse }: Build): Change {
  const find = patternOf(pattern, refuse)
  const replacement = z.string().catch('').parse(content)
  return (text) =>
    find(text)
      .map(({ start, end, matched }) => (matched ? replacement : text.slice(start, end)))
      .join('')
}

/** Google's NMT rules as in SentencePiece: controls vanish, all kinds of space become one. */
function nmt(text: string): string {
  return text
    .replace(/[\u0001-\u0008\u000B\u000E-\u001F\u007F\u008F\u009F]/g, '')
    .replace(/[\u0009\u000A\u000C\u000D\u1680\u200B-\u200F\u2028\u2029\u2581\uFEFF\uFFFD]/g, ' ')
}
