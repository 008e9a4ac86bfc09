import { describe, expect, it } from 'vitest'
import { createCache } from '../../../src/main/engine/cache'

describe('the cache of opened things', () => {
  function watched(limit: number): {
    cache: ReturnType<typeof createCache<string>>
    opened: string[]
    freed: string[]
    open: (name: string) => () => Promise<string>
  } {
    const opened: string[] = []
    const freed: string[] = []
    const cache = createCache<string>(limit, (value) => {
      freed.push(value)
      return Promise.resolve()
    })
    const open = (name: string) => (): Promise<string> => {
      opened.push(name)
      return Promise.resolve(name)
    }
    return { cache, opened, freed, open }
  }

  it('opens once and frees the least recently used beyond its limit', async () => {
    const { cache, opened, freed, open } = watched(2)
    for (const name of ['a', 'b', 'a', 'c']) await cache.use(name, open(name), (value) => value)
    expect(opened).toEqual(['a', 'b', 'c'])
    expect(freed).toEqual(['b'])
  })

  it('opens a value once for two users at the same time', async () => {
    const { cache, opened, open } = watched(1)
    await Promise.all([cache.use('a', open('a'), (value) => value), cache.use('a', open('a'), (value) => value)])
    expect(opened).toEqual(['a'])
  })

  it('never frees what is in use', async () => {
    const { cache, freed, open } = watched(0)
    let release: () => void = () => undefined
    const working = cache.use('a', open('a'), () => new Promise<void>((resolve) => (release = resolve)))
    await cache.use('b', open('b'), () => undefined)
    expect(freed).toEqual(['b'])
    release()
    await working
    expect(freed).toEqual(['b', 'a'])
  })

  it('forgets an opening that failed, so that it can be tried again', async () => {
    const { cache, open } = watched(1)
    await expect(
      cache.use(
        'a',
        () => Promise.reject(new Error('no memory')),
        () => 1
      )
    ).rejects.toThrow('no memory')
    await expect(cache.use('a', open('a'), (value) => value)).resolves.toBe('a')
  })

  it('frees everything that is idle when cleared', async () => {
    const { cache, freed, open } = watched(5)
    for (const name of ['a', 'b']) await cache.use(name, open(name), (value) => value)
    await cache.clear()
    expect(freed).toEqual(['a', 'b'])
  })
})
