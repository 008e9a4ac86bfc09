/** Characters as the Rust tokenizers see them. */

const utf8 = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text as UTF-8 can say it: a surrogate without its partner becomes U+FFFD. (String.toWellFormed is not in Node 18.) */
export function wellFormed(text: string): string {
  return /[\uD800-\uDFFF]/.test(text) ? decoder.decode(utf8.encode(text)) : text
}

export const bytesOfText = (text: string): Uint8Array => utf8.encode(text)

/** Rust's trim takes White_Space away; JavaScript's also takes U+FEFF and leaves U+0085. */
export const trimStart = (text: string): string => text.slice(/^\p{White_Space}*/u.exec(text)?.[0].length ?? 0)

/** Goes backwards by hand: a regular expression for the end of a text tries every place in it. */
export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && WHITE_SPACE.test(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** All of White_Space lies in the basic plane. */
const WHITE_SPACE = /^\p{White_Space}$/u
