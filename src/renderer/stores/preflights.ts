import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { ModelInfo, SaeInfo, SaeReading } from '../../shared/records/model'
import { summaryOf, type Preflight, type PreflightSummary, type Verdict } from '../../shared/records/preflight'
import type { ShownError } from '../components/ui/types'
import { archive, engine } from '../bridge'
import { shown, wasCancelled } from '../utils/errors'
import { pairKey } from '../utils/preflight'
import { useEngine } from './engine'
import { useLibrary } from './library'

/** Preflights of pairs of model and SAE: what is known, what is running, and which bad ones are used all the same. */
export const usePreflights = defineStore('preflights', () => {
  const library = useLibrary()
  const engineStore = useEngine()
  const known = shallowRef<ReadonlyMap<string, Preflight>>(new Map())
  const running = ref<string | null>(null)
  const error = shallowRef<ShownError | null>(null)
  /** Pairs whose bad verdict a person has overruled, in this sitting. */
  const overruled = shallowRef<ReadonlySet<string>>(new Set())

  /** What is known of the pair as the SAE is read now; null when it has not been looked at. */
  const of = (model: ModelInfo | null, sae: SaeInfo | null): Preflight | null =>
    model && sae ? (known.value.get(pairKey(model, sae, library.readingOf(sae.path))) ?? null) : null
  const verdictOf = (model: ModelInfo | null, sae: SaeInfo): Verdict | null => of(model, sae)?.verdict ?? null
  const summary = (model: ModelInfo | null, sae: SaeInfo | null): PreflightSummary | null => {
    const found = of(model, sae)
    return found && summaryOf(found)
  }

  async function load(): Promise<void> {
    const { preflights } = await archive.call('preflights.list', {})
    known.value = new Map(preflights.map((each) => [pairKey(each.model, each.sae, each.reading), each]))
  }

  let latest: Promise<void> = Promise.resolve()

  /** Runs the preflight of a pair and keeps it. A second call for the same pair waits for the one under way. */
  function run(model: ModelInfo, sae: SaeInfo, text: string | null = null): Promise<void> {
    const reading = library.readingOf(sae.path)
    const key = pairKey(model, sae, reading)
    if (running.value !== key) latest = look(model, sae, text, { reading, key })
    return latest
  }

  async function look(
    model: ModelInfo,
    sae: SaeInfo,
    text: string | null,
    { reading, key }: { reading: SaeReading; key: string }
  ): Promise<void> {
    running.value = key
    error.value = null
    try {
      const found = await engineStore.run(`Checking ${sae.name}`, (task) =>
        engine.call(
          'preflight.run',
          { model: model.path, sae: sae.path, hook: library.hookOf(sae), reading, device: engineStore.device, text },
          task
        )
      )
      known.value = new Map([...known.value, [key, found]])
      await archive.call('preflights.save', { preflight: found })
    } catch (thrown) {
      if (!wasCancelled(thrown)) error.value = shown(thrown)
    } finally {
      if (running.value === key) running.value = null
    }
  }

  /**
   * Looks at a pair that has not been looked at, and says whether it may be used. A preflight that cannot be made (its error is shown)
   * does not stand in the way: what is wrong, the run itself says.
   */
  async function ensure(model: ModelInfo, sae: SaeInfo): Promise<boolean> {
    await library.check()
    const gone = [model, sae].find(({ path }) => library.isAstray(path))
    if (gone) {
      const message = `The files of ${gone.name} have changed or moved since they were looked at.`
      error.value = { message, fix: 'See the Library, which says what has become of them.', details: '' }
      return false
    }
    if (of(model, sae) === null) await run(model, sae)
    return of(model, sae) === null || mayUse(model, sae)
  }

  /** Reads the SAE as a trial of the preflight did, and looks again. */
  async function apply(model: ModelInfo, sae: SaeInfo, reading: SaeReading): Promise<void> {
    await library.setReading(sae.path, reading)
    const now = library.saes.find(({ path }) => path === sae.path)
    if (now) await run(model, now)
  }

  /** Uses a pair in spite of a bad verdict. */
  function overrule(model: ModelInfo, sae: SaeInfo): void {
    overruled.value = new Set([...overruled.value, pairKey(model, sae, library.readingOf(sae.path))])
  }

  /** Whether the pair may be used: looked at, and found usable or overruled. */
  function mayUse(model: ModelInfo, sae: SaeInfo): boolean {
    const found = of(model, sae)
    return found !== null && (found.verdict !== 'bad' || overruled.value.has(pairKey(model, sae, library.readingOf(sae.path))))
  }

  /** Whether the pair was looked at, found bad, and not overruled. */
  const refused = (model: ModelInfo | null, sae: SaeInfo | null): boolean =>
    model !== null && sae !== null && of(model, sae) !== null && !mayUse(model, sae)

  return { known, running, error, of, verdictOf, summary, load, run, apply, overrule, mayUse, refused, ensure }
})
