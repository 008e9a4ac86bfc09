/** What the runtime's errors say, in one readable line, and which error of ours they are. */
import { fail } from '../../shared/errors'

/** The message of a thrown value on one line, without the runtime's source positions. */
export function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return message
    .replace(/\S*\/onnxruntime\/\S+:\d+ .*? was false\. /, '')
    .replace(/\[ONNXRuntimeError\] : \d+ : \w+ : /, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, 400)
}

/**
 * Throws OUT_OF_MEMORY or RUNTIME_FAILED for an error of the runtime. Its errors carry nothing but a text, so the text has to tell
 * one from the other.
 */
export function raise(thrown: unknown, doing: string): never {
  const reason = reasonOf(thrown)
  if (/bad.?alloc|failed to allocate|out of memory|not enough memory/i.test(reason)) return fail('OUT_OF_MEMORY', { doing }, thrown)
  return fail('RUNTIME_FAILED', { doing, reason }, thrown)
}
