import type { z } from 'zod'

/** One line of the contract: what goes in, what comes out, and what is streamed meanwhile. */
export interface Call<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType, E extends z.ZodType = z.ZodType> {
  readonly input: I
  readonly output: O
  /** Events streamed before the output. Progress events need no schema: every call may send them. */
  readonly event?: E
}

/** Declares a call; exists so that TypeScript keeps the exact schema types. */
export function call<I extends z.ZodType, O extends z.ZodType, E extends z.ZodType = z.ZodNever>(spec: {
  input: I
  output: O
  event?: E
}): Call<I, O, E> {
  return spec
}

export type CallTable = Record<string, Call>
export type Input<C extends Call> = z.input<C['input']>
export type Parsed<C extends Call> = z.output<C['input']>
export type Output<C extends Call> = z.output<C['output']>
export type Event<C extends Call> = z.output<NonNullable<C['event']>>

export interface Progress {
  stage: string
  done: number
  total: number
}
