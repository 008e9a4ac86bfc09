import { expect, it } from 'vitest'
import { processArguments, readProcessOptions } from '../../../src/main/process/options'

const options = {
  userData: '/home/ann b/data',
  bundledModels: '/opt/models=x',
  resources: '/opt/resources',
  version: '0.1.0',
  validateOutput: true
}

it('reads back what the shell wrote, spaces and equal signs included', () => {
  expect(readProcessOptions(processArguments(options))).toEqual(options)
  expect(readProcessOptions(processArguments({ ...options, validateOutput: false }))).toEqual({ ...options, validateOutput: false })
})

it('passes over arguments that Electron adds', () => {
  expect(readProcessOptions(['--type=utility', ...processArguments(options)])).toEqual(options)
})

it('names the option that the shell forgot', () => {
  expect(() => readProcessOptions(['--user-data=/x'])).toThrow('the shell passes --models')
})
