/**
 * The seeded random numbers of sampling: the generator sfc32 (Chris Doty-Humphrey, PractRand), started from the seed through
 * SplitMix32 so that neighbouring seeds give unrelated streams.
 *
 * Every column of a comparison starts its own stream from the same seed. So a column's text depends on the seed, its recipe and
 * the prompt alone, never on how many columns there are or in which order; and a recipe that changes nothing repeats the baseline.
 */

/** A stream of uniform numbers in [0, 1), 53 random bits each. */
export type RandomStream = () => number

/** Starts the stream of a seed: any integer; the low 64 bits of its two's complement count. */
export function randomStream(seed: number): RandomStream {
  const bits = BigInt.asUintN(64, BigInt(Math.trunc(seed)))
  const split = splitMix32(Number(bits & 0xffffffffn) ^ Math.imul(Number(bits >> 32n), 0x9e3779b1))
  const next = sfc32(split(), split(), split())
  return () => {
    const high = next() >>> 5
    const low = next() >>> 6
    return (high * 0x4000000 + low) / 0x20000000000000
  }
}

function splitMix32(start: number): () => number {
  let state = start | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

function sfc32(first: number, second: number, third: number): () => number {
  let a = first | 0
  let b = second | 0
  let c = third | 0
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  // The generator's author asks for twelve rounds before the first number is used.
  for (let round = 0; round < 12; round++) next()
  return next
}
