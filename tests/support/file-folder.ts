/** A folder for a whole describe block, where a folder per test would be too many. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const temporaryFolderForFile = (): Promise<string> => mkdtemp(join(tmpdir(), 'gradsae-test-'))

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })
