/** The real app for end-to-end tests: `const { page, app, close } = await launchWorkbench()`. */
import { launchWorkbench, temporaryUserData, type LaunchOptions, type Workbench } from '../../scripts/lib/launch.mjs'

export { launchWorkbench, temporaryUserData }
export type { LaunchOptions, Workbench }
