/** What other rooms use of the runtime. */
export { devicesToTry, listDevices } from './devices'
export { openSession } from './session'
export { runtimeVersion } from './version'
export { allFinite, bool, f32, f64, floatsOf, i64, integersOf, normOf, outputOf, tensor } from './tensors'
