/** Failures of what is asked: prompt sets, experiments, prompts, targets, steering. What a text is: see shared/errors.ts. */
import type { ErrorText } from './types'

export const WORK_ERRORS = {
  // tables and prompt sets
  TABLE_INVALID: {
    message: '{path} cannot be read as a table: {reason}.',
    fix: 'Write it again with the program that made it.'
  },
  TABLE_FORMAT_UNKNOWN: { message: '{path} does not say by its ending what kind of table it is.', fix: 'Supported are {supported}.' },
  PROMPTS_INVALID: {
    message: '{path} cannot be used as prompts: {where}: {reason}.',
    fix: 'Correct it and try again. Each row needs a prompt; id, answer, target, counterfactual, group and paraphrase are optional.'
  },
  ANSWER_MISSING: {
    message: 'The prompt has no answer that could be explained.',
    fix: "Give it an answer or a target, or explain the model's own choice."
  },
  SHARD_INVALID: { message: '{path} is not the manifest of a shard: {reason}.', fix: 'Compute the shard again.' },
  SHARD_DAMAGED: { message: '{path} is not what was written.', fix: 'Compute the shard again.' },
  SHARD_DIFFERS: {
    message: '{path} was begun with something else: what differs is {what}.',
    fix: 'Repeat the command as it was begun, or choose another folder for --out.'
  },
  SHARDS_DIFFER: {
    message: '{a} and {b} do not belong together: what differs is {what}.',
    fix: 'Merge the folders of one run alone.'
  },
  SHARDS_MISSING: {
    message: 'Missing or not finished in {folders}: {missing}, of {of} shards (counted from 0).',
    fix: 'Run attribute-set for them with the same options; what is done already is not repeated.'
  },
  // experiments
  EXPERIMENT_SETTING: {
    message: 'The experiment "{experiment}" cannot be run with this "{setting}": {reason}.',
    fix: 'Change the setting, or leave it out to take its default.'
  },
  EXPERIMENT_PART: {
    message: 'What was kept as part {part} of the experiment "{experiment}" does not belong to it: {reason}.',
    fix: 'Run the experiment from its beginning.'
  },
  EXPERIMENT_MANIFEST: {
    message: '{path} cannot be repeated: {reason}.',
    fix: 'Choose the manifest.json of a finished experiment, with its result.json beside it.'
  },
  EXPERIMENT_NO_ANSWERS: {
    message: 'The experiment "{experiment}" scores answers, but no prompt of this set has an expected one.',
    fix: 'Give the prompts answers: a column "answer" in the file they come from.'
  },
  // prompts and targets
  PROMPT_EMPTY: { message: 'The prompt is empty.', fix: 'Type some text, or give token ids.' },
  PROMPT_ONLY_SPECIAL: {
    message: 'The positions that count hold nothing but special tokens, and those are left out.',
    fix: 'Type some text, count special tokens, or count more positions.'
  },
  PROMPT_TOO_LONG: {
    message: "The prompt has {tokens} tokens, but the model's context holds {limit}.",
    fix: 'Shorten it by at least {excess} tokens.'
  },
  CHAT_NONE: {
    message: 'The model {model} has no chat template: it was not made for chats, or its folder lacks the file.',
    fix: 'Write the prompt as plain text, or put the chat_template.jinja of the model into its folder.'
  },
  CHAT_TEMPLATE_INVALID: {
    message: 'The chat template in {path} is not one that can be run: {reason}.',
    fix: "Download it again from the model's page, or write the prompt as plain text."
  },
  CHAT_TEMPLATE_EXCESS: {
    message: 'The chat template in {path} was stopped: {reason}.',
    fix: 'A template that is meant well does not need as much; use the one from the page of the model, or write the prompt as plain text.'
  },
  CHAT_REFUSED: {
    message: 'The chat template of {model} does not take these turns: {reason}',
    fix: 'Usually user and assistant take turns, and the user begins.'
  },
  CHAT_NO_SYSTEM: {
    message: 'The chat template of {model} takes no system prompt: {reason}.',
    fix: 'Leave the system prompt out, or say the same at the beginning of the first user turn.'
  },
  TOKEN_UNKNOWN: { message: 'There is no token with the id {id}.', fix: 'The vocabulary has the ids 0 to {last}.' },
  TARGET_SEVERAL_TOKENS: {
    message: 'The target "{text}" is {count} tokens for this model: {pieces}.',
    fix: 'Choose one of them, usually the first; a leading space often matters.'
  },
  CONTINUATION_TOO_LONG: {
    message: "The prompt and its continuation have {tokens} tokens together, but the model's context holds {limit}.",
    fix: 'Shorten one of them by at least {excess} tokens.'
  },
  TARGET_UNFIT: {
    message: 'The target "{kind}" takes {needs}.',
    fix: 'Ask for that, or choose another kind of target.'
  },
  TARGET_BOTH_SIDES: {
    message: 'The token "{token}" stands on both sides of the logit difference, where it cancels.',
    fix: 'Take it from one of the sides.'
  },
  POSITION_UNKNOWN: {
    message: 'There is no position {position}: the last one of this prompt is {last}.',
    fix: 'Choose a position from 0 to {last}; the first token is 0.'
  },
  SPAN_UNKNOWN: {
    message: 'The span {from} to {to} does not lie in this prompt: its first token, 0, is not predicted, and its last one is {last}.',
    fix: 'Choose a span from 1 to {last}.'
  },
  SET_EMPTY: { message: 'The prompt set "{name}" would hold no prompt.', fix: 'Choose groups with prompts, or a file with rows.' },
  GROUP_UNKNOWN: {
    message: 'No prompt with a result belongs to the group "{group}".',
    fix: 'Choose one of the groups of this set: {groups}.'
  },
  EXPERIMENT_UNFINISHED: { message: 'The experiment "{name}" has no result yet.', fix: 'Resume it, and export it when it is finished.' },
  COUNTERFACTUAL_MISSING: {
    message: 'The method {method} needs a counterfactual prompt, whose activations are patched in.',
    fix: 'Give a prompt of as many tokens in which what matters is changed (--counterfactual on the command line).'
  },
  COUNTERFACTUAL_UNUSED: {
    message: 'The method {method} does not patch to another prompt: the counterfactual would change nothing.',
    fix: 'Leave it out, or use the methods "counterfactual" or "integrated-gradients".'
  },
  COUNTERFACTUAL_LENGTH: {
    message: 'The prompt has {prompt} tokens and the counterfactual {other}: patching goes token by token.',
    fix: 'Change words for others of as many tokens, until both have the same number.'
  },
  DIRECT_PATH_UNKNOWN: {
    message: 'There is no direct path from {hook} to the logits: what stands there is not added to the residual stream as it is.',
    fix: 'Use an SAE of the residual stream, hook_attn_out or hook_mlp_out for direct logit attribution, or another method.'
  },
  TARGET_EMPTY: { message: 'The target is empty.', fix: "Type a token, or leave it out to take the model's first choice." },
  // steering
  INTERVENTION_INVALID: {
    message: 'The intervention "{text}" cannot be used: {reason}.',
    fix: 'Write latent:mode:coefficient[@unit][:positions], for example 402:add:8:all or 402:add:0.3@residual:3-9.'
  },
  DIRECTION_INVALID: {
    message: 'The direction "{name}" cannot be used: {reason}.',
    fix: 'Import it again, or make it anew for this model and hook point.'
  },
  RECIPE_SAE_MISSING: {
    message: 'The recipe "{recipe}" edits latents of an SAE that is not at hand: {sae}.',
    fix: 'Give the folder of that SAE (--sae on the command line), or open it in the window.'
  },
  VECTOR_REFUSED: {
    message: 'The recipe "{recipe}" cannot be written as vectors: {edit} {reason}.',
    fix: 'Write it as JSON, which holds every recipe; or keep to edits that add at all positions, in rows, unit rows, or multiples of the largest or typical activation.'
  },
  VECTOR_FILE_UNKNOWN: {
    message: '{path} holds neither a recipe nor vectors in a known way.',
    fix: 'Supported are {supported}.'
  },
  VECTOR_HOOK_NEEDED: {
    message: 'The vector {name} in {path} does not say where it belongs.',
    fix: 'Choose its hook point (--hook on the command line).'
  },
  VECTORS_INVALID: {
    message: '{path} holds no vectors that can be added: {reason}.',
    fix: 'Vectors have one axis and are called direction.1 and so on, as llama.cpp and repeng name them; or a file holds just one.'
  },
  VECTORS_UNFIT: {
    message: 'The vectors in {path} are not for the model {model}: {reason}.',
    fix: 'Open the model they were made for.'
  },
  RECIPE_FILE_INVALID: {
    message: '{path} is not a recipe that can be read: {reason}.',
    fix: 'Export it again from this version of the workbench.'
  },
  CONTEXT_FULL: {
    message: "The prompt has {tokens} tokens and {wanted} more are to be generated, but the model's context holds {limit}.",
    fix: 'Generate at most {room} tokens, or shorten the prompt.'
  },
  PATTERN_INVALID: {
    message: 'The pattern "{pattern}" cannot be used: {reason}.',
    fix: 'Write it in the syntax of RE2: no look-around and no back-references.'
  },
  CONCEPT_SAE_MISSING: {
    message: 'The latent {latent} that texts are scored for is of an SAE that is not open: {sae}.',
    fix: 'Choose a latent of the SAE of the bench, or of one that a recipe edits.'
  },
  NUMBERS_NOT_FINITE: {
    message: 'The model produced numbers that are not finite while {doing}.',
    fix: 'Use a smaller coefficient, or run on the CPU.'
  }
} as const satisfies Record<string, ErrorText>
