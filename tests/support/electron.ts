/** The real app for end-to-end tests: `const { page, app, close } = await launchWorkbench()`. */
import { launchArguments, launchWorkbench, temporaryUserData, type LaunchOptions, type Workbench } from '../../scripts/lib/launch.mjs'

export { launchArguments, launchWorkbench, temporaryUserData }
export type { LaunchOptions, Workbench }
