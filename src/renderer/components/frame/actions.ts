import { computed, type ComputedRef } from 'vue'
import type { MenuCommand } from '../../../shared/contract/shell'
import { useAnalysis } from '../../stores/analysis'
import { useComparison } from '../../stores/comparison'
import { useEngine } from '../../stores/engine'
import { useExperimentRuns } from '../../stores/experiment-runs'
import { useExperiments } from '../../stores/experiments'
import { useLayers } from '../../stores/layers'
import { useLibrary } from '../../stores/library'
import { useNavigation, type ViewName } from '../../stores/navigation'
import { usePreflights } from '../../stores/preflights'
import { useProject } from '../../stores/project'
import { usePromptText } from '../../stores/prompt-text'
import { usePrompts } from '../../stores/prompts'
import { useSetRuns } from '../../stores/set-runs'
import { useSettings } from '../../stores/settings'
import { useShownRun } from '../../stores/shown-run'
import { useSteeringRuns } from '../../stores/steering-runs'
import { useTakeAway } from '../../stores/take-away'
import { runState } from '../../utils/sets'

/** Something a person can do from anywhere: listed by the palette, bound to keys, asked for by the menu. */
export interface Action {
  id:
    | MenuCommand
    | 'recipe.import'
    | 'direction.new'
    | 'prompt.new'
    | 'group.new'
    | 'verify'
    | 'library.add'
    | 'preflight'
    | 'theme.light'
    | 'theme.dark'
    | 'theme.system'
  label: string
  keys?: string
  enabled: boolean
  run: () => void
}

/** Views in the order of their tabs; Ctrl+1, Ctrl+2, ... open them. */
export const VIEWS: readonly { value: ViewName; label: string }[] = [
  { value: 'analyse', label: 'Analyse' },
  { value: 'layers', label: 'Layers' },
  { value: 'rankings', label: 'Rankings' },
  { value: 'steer', label: 'Steer' },
  { value: 'sets', label: 'Sets' },
  { value: 'experiments', label: 'Experiments' },
  { value: 'reports', label: 'Reports' },
  { value: 'library', label: 'Library' }
]

/** All actions, with whether they can be done now. `open` shows one of the window's own dialogs. */
export function useActions(open: (dialog: 'palette' | 'shortcuts' | 'about') => void): ComputedRef<Action[]> {
  const project = useProject()
  const navigation = useNavigation()
  const analysis = useAnalysis()
  const comparison = useComparison()
  const engine = useEngine()
  const experiments = useExperiments()
  const experimentRuns = useExperimentRuns()
  const layers = useLayers()
  const library = useLibrary()
  const preflights = usePreflights()
  const runs = useSteeringRuns()
  const setRuns = useSetRuns()
  const shownRun = useShownRun()
  const settings = useSettings()
  const prompts = usePrompts()
  const promptText = usePromptText()
  const takeAway = useTakeAway()

  async function newPrompt(): Promise<void> {
    const id = await prompts.add('', 'New prompt', promptText.prompt?.groupId ?? null)
    if (id === null) return
    navigation.go('analyse')
    await analysis.openPrompt(id)
  }

  function addFolder(): void {
    navigation.go('library')
    void library.addFolder()
  }

  function steerWith(work: () => void): void {
    navigation.go('steer')
    if (comparison.pinned) comparison.close()
    work()
  }

  /** What Ctrl+Enter does in the view that is shown. */
  const runHere = computed<Pick<Action, 'label' | 'enabled' | 'run'>>(() => {
    if (navigation.view === 'steer')
      return {
        label: 'Run the steering comparison',
        enabled: runs.cannotRun === null && !comparison.running,
        run: () => void runs.run()
      }
    if (navigation.view === 'experiments')
      return {
        label: 'Run the experiment',
        enabled: experiments.openId === null && experimentRuns.cannotRun === null && !experimentRuns.busy,
        run: () => void experimentRuns.run()
      }
    const stopped = shownRun.opened
    if (navigation.view === 'sets' && stopped)
      return {
        label: 'Resume the run over the prompt set',
        enabled: !setRuns.busy && runState(stopped, false) === 'unfinished',
        run: () => setRuns.resume(stopped.id)
      }
    if (navigation.view === 'sets')
      return {
        label: 'Run the prompt set',
        enabled: setRuns.cannotRun === null && !setRuns.busy,
        run: () => void setRuns.run()
      }
    if (navigation.view === 'layers')
      return { label: 'Rank all layers', enabled: layers.cannotRun === null && !layers.running, run: () => void layers.run() }
    return {
      label: 'Run the ranking',
      enabled: navigation.view === 'analyse' && analysis.cannotRun === null && !analysis.running,
      run: () => void analysis.run()
    }
  })

  return computed(() => {
    return [
      { id: 'run', keys: 'Ctrl+Enter', ...runHere.value },
      {
        id: 'verify',
        label: 'Verify the top latents by ablation',
        enabled: analysis.ranking !== null && !analysis.running,
        run: () => void analysis.verify()
      },
      { id: 'cancel', label: 'Cancel what is running', keys: 'Esc', enabled: engine.busy, run: engine.cancelAll },
      { id: 'prompt.new', label: 'New prompt', keys: 'Ctrl+N', enabled: project.state !== null, run: () => void newPrompt() },
      { id: 'library.add', label: 'Add a folder of models or SAEs', enabled: !library.loading, run: addFolder },
      {
        id: 'preflight',
        label: 'Check whether the SAE describes the model',
        enabled: library.model !== null && library.sae !== null && preflights.running === null,
        run: () => void (library.model && library.sae && preflights.run(library.model, library.sae))
      },
      {
        id: 'recipe.import',
        label: 'Import a recipe or vectors',
        enabled: project.state !== null && takeAway.cannotImport === null,
        run: () => steerWith(() => void takeAway.importFile())
      },
      {
        id: 'direction.new',
        label: 'New direction from two prompt groups',
        enabled: project.state !== null,
        run: () => steerWith(takeAway.openDirection)
      },
      { id: 'group.new', label: 'New group', enabled: project.state !== null, run: () => void prompts.addGroup('New group') },
      ...VIEWS.map((view, index) => ({
        id: `view.${view.value}` as const,
        label: `Go to ${view.label}`,
        keys: `Ctrl+${index + 1}`,
        enabled: true,
        run: () => navigation.go(view.value)
      })),
      {
        id: 'edit.undo',
        label: project.state?.undo ? `Undo: ${project.state.undo}` : 'Undo',
        keys: 'Ctrl+Z',
        enabled: project.state?.undo != null,
        run: () => void project.undo()
      },
      {
        id: 'edit.redo',
        label: project.state?.redo ? `Redo: ${project.state.redo}` : 'Redo',
        keys: 'Ctrl+Shift+Z',
        enabled: project.state?.redo != null,
        run: () => void project.redo()
      },
      { id: 'project.new', label: 'New project', enabled: true, run: () => void project.create() },
      { id: 'project.open', label: 'Open a project', keys: 'Ctrl+O', enabled: true, run: () => void project.openChosen() },
      { id: 'project.openDemo', label: 'Open the demo project', enabled: true, run: () => void project.openDemo() },
      {
        id: 'project.saveAs',
        label: 'Save the project as',
        keys: 'Ctrl+Shift+S',
        enabled: project.state !== null,
        run: () => void project.saveAs()
      },
      { id: 'report.export', label: 'Write a report', enabled: project.state !== null, run: () => navigation.go('reports') },
      { id: 'theme.light', label: 'Light theme', enabled: settings.settings.theme !== 'light', run: () => void settings.setTheme('light') },
      { id: 'theme.dark', label: 'Dark theme', enabled: settings.settings.theme !== 'dark', run: () => void settings.setTheme('dark') },
      {
        id: 'theme.system',
        label: 'Theme of the system',
        enabled: settings.settings.theme !== 'system',
        run: () => void settings.setTheme('system')
      },
      { id: 'palette', label: 'Command palette', keys: 'Ctrl+K', enabled: true, run: () => open('palette') },
      { id: 'shortcuts', label: 'Keyboard shortcuts', keys: 'F1', enabled: true, run: () => open('shortcuts') },
      { id: 'about', label: 'About the workbench', enabled: true, run: () => open('about') }
    ]
  })
}
