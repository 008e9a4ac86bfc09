/** Which colour and dash a series of a result has: the same in every chart of the result, and for a method in every result. */

export interface SeriesLook {
  /** Index of the categorical colour. */
  readonly colour: number
  /** Dash pattern in px; null is a solid line. Tells series of one colour apart, and helps where colours cannot. */
  readonly dash: readonly [number, number] | null
}

/** Words by which a method is known in the names of series, longest first where one holds another. The last colour is for chance. */
const METHOD_COLOURS: readonly (readonly [word: RegExp, colour: number])[] = [
  [/\bgrad-?sae\b/i, 0],
  [/\bintegrated[ -]gradients\b/i, 2],
  [/\bdirect[ -]logit\b/i, 6],
  [/\bcounterfactual\b/i, 5],
  [/\battribution\b/i, 1],
  [/\bexact\b/i, 3],
  [/\bmean[ -]activation\b/i, 4],
  [/\bmax[ -]activation\b/i, 5],
  [/\bgradient\b/i, 6],
  [/\brandom\b/i, 7]
]
const COLOURS = 8
const DASHES: readonly SeriesLook['dash'][] = [null, [5, 3], [2, 2], [8, 3]]

/**
 * The look of each name. A method has its own colour; series of the same method differ in dashes; what names no method, or one whose
 * colour another method of the chart has, takes the first free colour, and from the ninth colour on shares one with other dashes.
 */
export function seriesLooks(names: readonly string[]): Map<string, SeriesLook> {
  const colours = new Map<string, number>()
  const taken = new Set<number>()
  const looks = new Map<string, SeriesLook>()
  const uses = new Map<number, number>()
  const families = names.map((name) => METHOD_COLOURS.find(([word]) => word.test(name)))
  families.forEach((family) => {
    if (!family || colours.has(family[0].source) || taken.has(family[1])) return
    colours.set(family[0].source, family[1])
    taken.add(family[1])
  })
  names.forEach((name, at) => {
    const key = families[at]?.[0].source ?? `name ${name}`
    const colour = colours.get(key) ?? free(taken, at)
    colours.set(key, colour)
    taken.add(colour)
    const use = uses.get(colour) ?? 0
    uses.set(colour, use + 1)
    if (!looks.has(name)) looks.set(name, { colour, dash: DASHES[use % DASHES.length] ?? null })
  })
  return looks
}

function free(taken: ReadonlySet<number>, at: number): number {
  for (let colour = 0; colour < COLOURS; colour++) if (!taken.has(colour)) return colour
  return at % COLOURS
}
