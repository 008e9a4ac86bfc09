/** Messages between a client and a process host, over any port. All plain data (structured clone). */
import { z } from 'zod'
import type { WireError } from '../errors'
import type { Progress } from './call'

/** What a client sends; validated by the host before anything else. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id: z.number().int(), name: z.string(), input: z.unknown() }),
  z.object({ type: z.literal('cancel'), id: z.number().int() })
])
export type ClientMessage = z.infer<typeof ClientMessage>

/** What a host answers. A call ends with exactly one of result, error, cancelled. */
export type HostMessage =
  | { type: 'event'; id: number; event: unknown }
  | { type: 'progress'; id: number; progress: Progress }
  | { type: 'result'; id: number; output: unknown }
  | { type: 'error'; id: number; error: WireError }
  | { type: 'cancelled'; id: number }

/** The few methods that Electron's, the browser's and Node's message ports share once wrapped. */
export interface Port {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  onClose(listener: () => void): void
}
