import { createHash } from 'node:crypto'
import { mkdir, open, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hashFiles, sampleDigest } from '../../../src/main/tensors/hash'
import { failureOf } from '../../support/failing'
import { temporaryFolder } from '../../support/folder'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

it('the fingerprint of files is that of their names, sizes and contents, wherever they lie', async () => {
  const folder = await temporaryFolder()
  const elsewhere = join(folder, 'elsewhere')
  await mkdir(elsewhere)
  for (const place of [folder, elsewhere]) {
    await writeFile(join(place, 'a'), 'one')
    await writeFile(join(place, 'b'), 'two2')
  }
  const expected = `sha256:${sha256(`a 3 ${sha256('one')}\nb 4 ${sha256('two2')}\n`)}`
  expect(await hashFiles([join(folder, 'a'), join(folder, 'b')])).toBe(expected)
  expect(await hashFiles([join(elsewhere, 'a'), join(elsewhere, 'b')])).toBe(expected)
})

it('a file changed since is read again', async () => {
  const path = join(await temporaryFolder(), 'a')
  await writeFile(path, 'one')
  const before = await hashFiles([path])
  await writeFile(path, 'two')
  await utimes(path, 1, 1)
  expect(await hashFiles([path])).not.toBe(before)
})

it('a file above 2 GiB is sampled, and its fingerprint says so', async () => {
  const path = join(await temporaryFolder(), 'large')
  const file = await open(path, 'w')
  // A sparse file: it occupies no space.
  await file.truncate(2 * 1024 ** 3 + 1)
  const empty = await hashFiles([path])
  expect(empty).toMatch(/^sha256-sampled:[0-9a-f]{64}$/)
  await file.write(Buffer.from([1]), 0, 1, 2 * 1024 ** 3)
  await file.close()
  await utimes(path, 1, 1)
  expect(await hashFiles([path])).not.toBe(empty)
})

it('a sample begins with the first byte and ends with the last, and knows the size', async () => {
  const path = join(await temporaryFolder(), 'a')
  await writeFile(path, 'abc')
  const once = await sampleDigest(path, 3)
  expect(once).toBe(sha256(`3\n${'abc'.repeat(256)}`))
})

it('a file that is missing is named', async () => {
  expect(await failureOf(() => hashFiles(['/no/such/file']))).toMatch(/^\/no\/such\/file does not exist\./)
})
