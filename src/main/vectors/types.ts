/** What is taken away from steering and brought back: recipes, and vectors that are added to outputs of blocks. */
import type { Recipe, RecipeSae } from '../../shared/records/steering'

/** What a recipe adds at one place whatever the text is. */
export interface LayerVector {
  /** Block after which it is added: the hook point `blocks.{layer}.hook_resid_post`. */
  readonly layer: number
  /** float32 [d_model] */
  readonly vector: Float32Array
}

/** What a format may write of a recipe. */
export interface Content {
  readonly recipe: Recipe
  /** The SAE that edits mean where they name none; null where the bench has none. */
  readonly sae: RecipeSae | null
  /** `type` is the model type of its config.json, such as "llama". */
  readonly model: { readonly name: string; readonly path: string; readonly hash: string; readonly type: string }
  /** Version of the workbench. */
  readonly workbench: string
  /** The summed vectors, by layer. @throws VECTOR_REFUSED where the recipe is more than vectors */
  vectors(): Promise<LayerVector[]>
}

/** A vector as a file holds it. */
export interface FoundVector {
  /** What the file calls it. */
  readonly name: string
  /** Its hook point; null where the file does not say. */
  readonly hook: string | null
  readonly vector: Float32Array
}

/** What was found in a file. */
export type Found =
  | {
      readonly kind: 'recipe'
      readonly recipe: Recipe
      readonly sae: RecipeSae | null
      readonly model: Known
      readonly notes: readonly string[]
    }
  | {
      readonly kind: 'vectors'
      /** Name of the recipe they were summed from; null where the file has none. */
      readonly name: string | null
      readonly vectors: readonly FoundVector[]
      /** Whether BOS and other special tokens are steered, too. */
      readonly editSpecial: boolean
      readonly model: Known
      readonly notes: readonly string[]
    }

/** The model a file says it was made with, and where it lay if the file says that; null where it names none. */
export type Known = { readonly name: string; readonly hash: string; readonly path?: string } | null

/** A format: one file under formats/, one line in its index. */
export interface FormatSpec {
  readonly format: string
  /** In lists and refusals: "a recipe as JSON". */
  readonly title: string
  /** Whether a file that begins like this is one; by content, never by its name. */
  matches(start: Buffer): boolean
  /** Reads and checks a file. It may come from anywhere: sizes are bounded, nothing in it is executed. */
  read(path: string): Promise<Found>
  /** Writes the file, whole or not at all, and says what it cannot hold; null where the format is only read. @throws VECTOR_REFUSED, DISK_FULL, FILE_UNWRITABLE */
  readonly write: ((path: string, content: Content) => Promise<string[]>) | null
}
