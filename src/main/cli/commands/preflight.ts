/** `preflight`: whether an SAE describes a model, before either is trusted. */
import { readFile } from 'node:fs/promises'
import { fail } from '../../../shared/errors'
import type { Command } from '../command'
import { device, MODEL, optionalPath, path, reading, SAE, text } from '../options'
import { digits, table } from '../print'
import { quietHandlerTask } from '../task'

export const preflight: Command = {
  name: 'preflight',
  summary: 'whether an SAE describes a model: fit, cross-entropy, norms, slopes, and how to read it if it does not',
  options: {
    ...MODEL,
    ...SAE,
    text: { type: 'string', value: 'FILE', help: 'text to measure on, about 400 words; text of our own when left out' }
  },
  async run(values, context) {
    const file = optionalPath(values, 'text', context)
    const input = {
      model: path(values, 'model', context),
      sae: path(values, 'sae', context),
      hook: text(values, 'hook') ?? null,
      reading: await reading(values, context),
      device: device(values),
      text:
        file === null
          ? null
          : await readFile(file, 'utf8').catch((error: Error) => fail('FILE_UNREADABLE', { path: file, reason: error.message }))
    }
    const found = await context.engine()['preflight.run'](input, quietHandlerTask(context.task))
    const checks = table(
      ['check', 'verdict', 'found'],
      found.checks.map(({ name, verdict, words }) => [name, verdict, words])
    )
    const tried = table(
      ['reading', 'FVU>', 'L0>'],
      found.tried.map(({ words, fvu, l0 }) => [words, digits(fvu), digits(l0)])
    )
    const suggestion =
      found.suggestion && `\n\n${found.suggestion.words}. To read it so: --reading '${JSON.stringify(found.suggestion.reading)}'`
    return {
      json: found,
      human: `${found.verdict}: ${found.words}\n\n${checks}${found.tried.length > 1 ? `\n\n${tried}` : ''}${suggestion ?? ''}`
    }
  }
}
