/** `export-vector`: what a recipe adds, as a file that others steer with; or the recipe itself. */
import { VectorFormat } from '../../../shared/contract/steering'
import { fail } from '../../../shared/errors'
import type { Recipe } from '../../../shared/records/steering'
import { modelFolderOf } from '../../vectors'
import type { Command, CommandContext } from '../command'
import { absolute, device, optionalPath, path, requiredText, text } from '../options'
import { quietHandlerTask } from '../task'

export const exportVector: Command = {
  name: 'export-vector',
  summary: 'the summed vectors of a recipe as safetensors or as a control vector of llama.cpp, or the recipe as JSON',
  options: {
    recipe: { type: 'string', value: 'FILE', help: 'a recipe (.json), or vectors (.safetensors, .gguf, .npy)' },
    format: { type: 'string', value: 'NAME', help: `one of ${VectorFormat.options.join(', ')}` },
    out: { type: 'string', value: 'FILE', help: 'the file to write' },
    model: { type: 'string', value: 'DIR', help: 'model folder; the one that the recipe names by default' },
    sae: {
      type: 'string',
      multiple: true,
      value: 'DIR',
      help: 'an SAE of the recipe that no longer lies where the recipe says, any number of times; or the SAE of a recipe that names none'
    },
    hook: { type: 'string', value: 'NAME', help: 'hook point of a vector whose file does not say it' }
  },
  async run(values, context) {
    const file = path(values, 'recipe', context)
    const format = VectorFormat.safeParse(requiredText(values, 'format'))
    if (!format.success) return fail('USAGE', { reason: `--format is one of ${VectorFormat.options.join(', ')}.` })
    const out = path(values, 'out', context)
    const model =
      optionalPath(values, 'model', context) ??
      (await modelFolderOf(file)) ??
      fail('USAGE', { reason: '--model is missing: the file names no model.' })
    const task = quietHandlerTask(context.task)
    const imported = await context.engine()['steering.import']({ path: file, model, hook: text(values, 'hook') ?? null }, task)
    const folders = (Array.isArray(values.sae) ? values.sae : []).map((folder: string) => absolute(folder, context))
    const named = (imported.recipe.saes ?? []).length > 0
    if (!named && folders.length > 1)
      fail('USAGE', { reason: `The recipe "${imported.recipe.name}" names no SAE, so --sae is given once.` })
    const recipe = named ? await withFolders(imported.recipe, folders, context) : imported.recipe
    // Latents of a recipe that names no SAE, such as one written by hand, are those of the SAE that is given.
    const sae = named ? null : (folders[0] ?? null)
    const written = await context
      .engine()
      ['steering.export']({ model, sae, hook: null, device: device(values), recipe, format: format.data, path: out }, task)
    const human = `${written.path}: ${written.bytes} bytes, ${format.data} of "${recipe.name}"`
    return { json: { ...written, format: format.data, recipe: recipe.name }, human, notes: [...imported.notes, ...written.notes] }
  }
}

/** The recipe with the folders given in the place of its own, matched by their hashes. */
async function withFolders(recipe: Recipe, folders: readonly string[], context: CommandContext): Promise<Recipe> {
  const saes = [...(recipe.saes ?? [])]
  for (const folder of folders) {
    const hashes: string[] = []
    for (const [index, known] of saes.entries()) {
      const { hash } = await context.engine()['sae.open']({ sae: folder, reading: known.reading }, quietHandlerTask(context.task))
      hashes.push(hash)
      if (hash === known.hash) saes[index] = { ...known, path: folder }
    }
    if (!hashes.some((hash, index) => hash === saes[index]?.hash))
      fail('USAGE', { reason: `--sae ${folder} is none of the SAEs of the recipe "${recipe.name}".` })
  }
  return recipe.saes === undefined ? recipe : { ...recipe, saes }
}
