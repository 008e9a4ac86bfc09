/** Recipes and vectors that leave the workbench and come back, as values: which SAEs an imported recipe means here, and what uses a file. */
import type { VectorFormat } from '../../shared/contract/steering'
import type { SaeInfo } from '../../shared/records/model'
import type { Recipe } from '../../shared/records/steering'

/**
 * An imported recipe as it means the same here: SAEs that the library knows lie where the library has them, and the bench's own is not
 * named. `missing` are those that are nowhere, which no run can open.
 */
export function asHere(
  recipe: Recipe,
  known: readonly Pick<SaeInfo, 'hash' | 'path'>[],
  bench: string | null
): { readonly recipe: Recipe; readonly missing: readonly string[] } {
  const unnamed = (hash: string | undefined): boolean => hash !== undefined && hash === bench
  const interventions = recipe.interventions.map((edit) => {
    const { sae, condition, ...rest } = edit
    return {
      ...rest,
      ...(sae === undefined || unnamed(sae) ? {} : { sae }),
      ...(condition === undefined
        ? {}
        : { condition: condition.kind === 'activation' && unnamed(condition.sae) ? withoutSae(condition) : condition })
    }
  })
  const { saes = [], ...rest } = recipe
  const others = saes
    .filter(({ hash }) => hash !== bench)
    .map((sae) => ({ ...sae, path: known.find(({ hash }) => hash === sae.hash)?.path ?? sae.path }))
  const missing = others.filter(({ hash }) => !known.some((sae) => sae.hash === hash)).map(({ name }) => name)
  return { recipe: { ...rest, interventions, ...(others.length > 0 ? { saes: others } : {}) }, missing }
}

function withoutSae<C extends { sae?: string | undefined }>({ sae: _sae, ...rest }: C): Omit<C, 'sae'> {
  return rest
}

/** A line that steers with an exported file elsewhere; null for recipes, which only the workbench reads. */
export function lineFor(format: VectorFormat, path: string): string | null {
  if (format === 'gguf') return `llama-cli -m MODEL.gguf --control-vector ${quoted(path)} -p "Once upon a"`
  if (format === 'safetensors')
    return `vectors = safetensors.torch.load_file(${JSON.stringify(path)})  # added to the output of model.model.layers[i]`
  return null
}

function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path}"`
}

/** The last part of a path. */
export function nameOfPath(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path
}
