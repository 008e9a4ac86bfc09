/** `activations`: the active latents of a prompt, position by position. */
import type { Command } from '../command'
import { device, MODEL, path, prompt, PROMPT, SAE, text, reading } from '../options'
import { digits, shown, table } from '../print'
import { quietHandlerTask } from '../task'

export const activations: Command = {
  name: 'activations',
  summary: 'the active latents of each position, with L0 and FVU',
  options: { ...MODEL, ...SAE, ...PROMPT },
  async run(values, context) {
    const input = {
      model: path(values, 'model', context),
      sae: path(values, 'sae', context),
      hook: text(values, 'hook') ?? null,
      reading: await reading(values, context),
      prompt: prompt(values, context),
      device: device(values)
    }
    const { positions, fvu } = await context.engine()['sae.activations'](input, quietHandlerTask(context.task))
    const rows = positions.map(({ position, token, active, l0, fvu: own }) => {
      const strongest = [...active].sort((a, b) => b.activation - a.activation).slice(0, 5)
      return [
        String(position),
        shown(token),
        String(l0),
        digits(own),
        strongest.map((a) => `${a.latent} (${digits(a.activation, 3)})`).join(', ')
      ]
    })
    return {
      json: { positions: positions.map(({ position, token, ...rest }) => ({ position, token: token.text, id: token.id, ...rest })), fvu },
      human: `${table(['position>', 'token', 'L0>', 'FVU>', 'strongest latents'], rows)}\n\nFVU without the first position: ${digits(fvu)}`
    }
  }
}
