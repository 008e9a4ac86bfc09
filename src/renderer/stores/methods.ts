import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { MethodInfo, TargetInfo } from '../../shared/records/method'
import type { MethodName, TargetKind } from '../../shared/records/ranking'
import { engine } from '../bridge'

/** The attribution methods and targets there are, as the engine lists them. */
export const useMethods = defineStore('methods', () => {
  const methods = shallowRef<readonly MethodInfo[]>([])
  const targets = shallowRef<readonly TargetInfo[]>([])

  async function load(): Promise<void> {
    const listed = await engine.call('attribution.methods', {})
    methods.value = listed.methods
    targets.value = listed.targets
  }

  const infoOf = (name: MethodName): MethodInfo | null => methods.value.find((each) => each.name === name) ?? null
  const labelOf = (name: MethodName): string => infoOf(name)?.label ?? name
  const targetOf = (kind: TargetKind): TargetInfo | null => targets.value.find((each) => each.kind === kind) ?? null
  /** Unit of a target's scores, as axes and tooltips show it. */
  const unitOf = (kind: TargetKind): string => targetOf(kind)?.unit ?? kind

  return { methods, targets, load, infoOf, labelOf, targetOf, unitOf }
})
