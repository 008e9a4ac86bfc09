import { expect, it, vi } from 'vitest'
import { oneByOne } from '../../../../src/renderer/utils/one-by-one'

const after = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

it('what arrives while something is being done waits for its turn', async () => {
  const done: number[] = []
  const { take, settled } = oneByOne<number>(
    async (one) => {
      await after(one === 1 ? 20 : 0)
      done.push(one)
    },
    () => undefined
  )
  take(1)
  take(2)
  take(3)
  await settled()
  expect(done).toEqual([1, 2, 3])
})

it('after a failure nothing more is done, and whoever waits is told of it', async () => {
  const done: number[] = []
  const failed = vi.fn()
  const { take, settled } = oneByOne<number>((one) => {
    if (one === 2) return Promise.reject(new Error('The disk is full.'))
    done.push(one)
    return Promise.resolve()
  }, failed)
  for (const one of [1, 2, 3]) take(one)
  await expect(settled()).rejects.toThrow('The disk is full.')
  expect(done).toEqual([1])
  expect(failed).toHaveBeenCalledTimes(1)
})
