/** A display to open windows on: the user's own, or a virtual one where there is none. */
import { spawn } from 'node:child_process'
import { Stop } from './run.mjs'

/** @returns {boolean} whether windows can be opened here */
export const hasDisplay = () =>
  process.platform === 'win32' || process.platform === 'darwin' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

/**
 * Starts a virtual display (Xvfb), as large as a 4K screen. It ends with `stop`, or when this process ends.
 * @returns {Promise<{ display: string, stop: () => void }>} display: value for DISPLAY, for example ":1"
 */
export function startVirtualDisplay() {
  return new Promise((resolve, reject) => {
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '3840x2160x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe']
    })
    let noise = ''
    server.stderr.on('data', (text) => (noise += text))
    server.once('error', () => reject(new Stop('There is no display, and Xvfb is not installed: apt-get install xvfb xauth')))
    server.once('exit', (code) => reject(new Stop(`Xvfb ended with ${code}: ${noise}`)))
    server.stdio[3].once('data', (number) => {
      const stop = () => server.kill()
      process.once('exit', stop)
      server.unref()
      server.stderr.unref?.()
      server.stdio[3].unref?.()
      resolve({ display: `:${String(number).trim()}`, stop })
    })
  })
}

/** Runs `work` with a display: ours or a virtual one. `work` gets the environment its children need. */
export async function withDisplay(work) {
  if (hasDisplay()) return work({})
  const { display, stop } = await startVirtualDisplay()
  try {
    return await work({ DISPLAY: display })
  } finally {
    stop()
  }
}
