/** `logits`: the untouched model's next tokens. */
import type { Command } from '../command'
import { device, MODEL, number, path, prompt, PROMPT } from '../options'
import { deviceNotes, digits, shown, table } from '../print'
import { quietHandlerTask } from '../task'

export const logits: Command = {
  name: 'logits',
  summary: "the model's next tokens with logits and probabilities",
  options: { ...MODEL, ...PROMPT, top: { type: 'string', value: 'N', help: 'how many, 10 by default' } },
  async run(values, context) {
    const top = number(values, 'top', 10, { min: 1, max: 1000, integer: true })
    const input = { model: path(values, 'model', context), prompt: prompt(values, context), top, device: device(values) }
    const result = await context.engine()['model.next'](input, quietHandlerTask(context.task))
    return {
      json: {
        tokens: result.tokens.map(({ id, text }) => ({ id, text })),
        top: result.top.map(({ id, text, logit, probability }) => ({ id, text, logit, probability }))
      },
      human: table(
        ['id>', 'token', 'logit>', 'probability>'],
        result.top.map((token) => [String(token.id), shown(token), digits(token.logit, 6), digits(token.probability)])
      ),
      notes: deviceNotes(result.device)
    }
  }
}
