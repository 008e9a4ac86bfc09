export interface LatentPool {
  labels: ReadonlyMap<number, string>
  /** Number of latents of the SAE. */
  count: number
  /** Latents of the ranking on show, best first; they come first among equals. */
  ranked: readonly number[]
}

export interface FoundLatent {
  latent: number
  label: string | null
  /** Place in the ranking on show; null when it is not in it. */
  rank: number | null
}

/**
 * Latents for what a person types: the exact number first, then latents of the ranking, then the rest by number, each
 * whose label has all the words or whose number begins with the text. Nothing typed gives the ranking.
 */
export function searchLatents(query: string, { labels, count, ranked }: LatentPool, limit = 60): FoundLatent[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean)
  const ranks = new Map(ranked.map((latent, index) => [latent, index + 1]))
  const matches = (latent: number): boolean => {
    const text = `${latent} ${labels.get(latent)?.toLowerCase() ?? ''}`
    return words.every((word) => (/^\d+$/.test(word) ? text.startsWith(word) || text.includes(` ${word}`) : text.includes(word)))
  }
  const found = new Set<number>()
  const [word] = words
  if (words.length === 1 && word && /^\d+$/.test(word) && Number(word) < count) found.add(Number(word))
  for (const pool of [ranked, labels.keys()])
    for (const latent of pool) {
      if (found.size >= limit) break
      if (matches(latent)) found.add(latent)
    }
  return [...found].slice(0, limit).map((latent) => ({ latent, label: labels.get(latent) ?? null, rank: ranks.get(latent) ?? null }))
}
