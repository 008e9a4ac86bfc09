/** What a project holds: groups, prompts, rankings, recipes, comparisons. */
import type { ArchiveCalls, Handlers } from '../../shared/contract'
import * as comparisons from '../storage/comparisons'
import * as marks from '../storage/marks'
import * as prompts from '../storage/prompts'
import * as rankings from '../storage/rankings'
import { projectChanges } from './changes'
import { exportTokens } from './export-tokens'
import { mapComparison, mapRanking, mapRecipe, shownComparison, shownRanking } from './paths'
import type { Paths } from './paths'
import type { Session } from './session'

type RecordCalls = Extract<keyof ArchiveCalls, `${'groups' | 'prompts' | 'rankings' | 'recipes' | 'comparisons' | 'marks'}.${string}`>

export function createRecordHandlers(session: Session, paths: Paths): Pick<Handlers<ArchiveCalls>, RecordCalls> {
  const { changing, creating, state } = projectChanges(session, paths)
  return {
    'groups.add': ({ name }) => creating((project) => prompts.addGroup(project, name)),
    'groups.update': ({ id, ...given }) => changing((project) => prompts.updateGroup(project, id, given)),
    'groups.delete': ({ id }) => changing((project) => prompts.deleteGroup(project, id)),

    'prompts.add': (given) => creating((project) => prompts.addPrompt(project, given)),
    'prompts.update': ({ id, ...given }) => changing((project) => prompts.updatePrompt(project, id, given)),
    'prompts.duplicate': ({ id }) => creating((project) => prompts.duplicatePrompt(project, id)),
    'prompts.delete': ({ id }) => changing((project) => prompts.deletePrompt(project, id)),

    'rankings.save': (given) =>
      creating((project) => rankings.saveRanking(project, { ...given, ranking: mapRanking(given.ranking, paths.stored) })),
    'rankings.get': ({ id }) => session.inTurn(async () => shownRanking(await rankings.getRanking(session.project(), id), paths)),
    'rankings.update': ({ id, ...given }) => changing((project) => rankings.updateRanking(project, id, given)),
    'rankings.delete': ({ id }) => changing((project) => rankings.deleteRanking(project, id)),
    'rankings.appearances': ({ saeHash, latent }) =>
      session.inTurn(async () => ({ appearances: await rankings.appearances(session.project(), saeHash, latent) })),

    'recipes.save': ({ recipe, saePath, saeHash }) =>
      changing((project) =>
        comparisons.saveRecipe(project, { recipe: mapRecipe(recipe, paths.stored), saePath: paths.stored(saePath), saeHash })
      ),
    'recipes.delete': ({ id }) => changing((project) => comparisons.deleteRecipe(project, id)),

    'comparisons.save': (given) =>
      creating((project) => comparisons.saveComparison(project, { ...given, comparison: mapComparison(given.comparison, paths.stored) })),
    'comparisons.get': ({ id }) =>
      session.inTurn(async () => shownComparison(await comparisons.getComparison(session.project(), id), paths)),
    'comparisons.update': ({ id, ...given }) => changing((project) => comparisons.updateComparison(project, id, given)),
    'comparisons.delete': ({ id }) => changing((project) => comparisons.deleteComparison(project, id)),
    'comparisons.export': ({ ids, path, format }, task) =>
      session.inTurn(() => exportTokens(session.project(), ids, { path, format, shown: paths.shown }, task)),

    'marks.list': ({ comparisonId }) => session.inTurn(async () => ({ marks: await marks.listMarks(session.project(), comparisonId) })),
    'marks.add': ({ comparisonId, mark }) =>
      session.inTurn(async () => ({ mark: await marks.addMark(session.project(), comparisonId, mark), state: await state() })),
    'marks.clear': ({ comparisonId }) =>
      session.inTurn(async () => ({ removed: await marks.clearMarks(session.project(), comparisonId), state: await state() }))
  }
}
