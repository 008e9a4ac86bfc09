/**
 * Every failure a person can cause or fix, as one table: code -> sentence of fact and sentence of remedy.
 * `{name}` in a text is filled from the context given to `fail`. Texts are tested data: each entry has a test that
 * provokes it. A broken internal promise is an `assert`, not an entry here.
 */
export const ERRORS = {
  // files
  FILE_MISSING: { message: '{path} does not exist.', fix: 'Check the path, or choose the folder again.' },
  FILE_UNREADABLE: { message: '{path} cannot be read: {reason}.', fix: 'Check the permissions of the file and its folder.' },
  DISK_FULL: {
    message: 'The disk is full: {path} could not be written.',
    fix: 'Free some space and try again. What was saved before is unchanged.'
  },
  FILE_UNWRITABLE: { message: '{path} cannot be written: {reason}.', fix: 'Choose another place, or change the permissions.' },
  JSON_INVALID: { message: '{path} is not valid JSON: {reason}.', fix: 'Download the file again.' },
  // containers
  SAFETENSORS_INVALID: {
    message: '{path} is not a valid safetensors file: {reason}.',
    fix: 'The file is damaged or was cut off while downloading; download it again.'
  },
  NUMPY_INVALID: {
    message: '{path} is not a valid NumPy file: {reason}.',
    fix: 'The file is damaged or was cut off while downloading; download it again.'
  },
  ZIP_INVALID: {
    message: '{path} is not a valid zip archive: {reason}.',
    fix: 'The file is damaged or was cut off while downloading; download it again.'
  },
  TORCH_INVALID: {
    message: '{path} is not a PyTorch file that can be read: {reason}.',
    fix: 'Download the file again, or save its state_dict with a recent PyTorch.'
  },
  TORCH_LEGACY: {
    message: '{path} was written by a PyTorch before 1.6, whose files cannot be read without executing them.',
    fix: 'Load it with a recent PyTorch and save it again with torch.save or as safetensors.'
  },
  PICKLE_REFUSED: {
    message: '{path} was refused: {reason}. Nothing in it was executed.',
    fix: 'Use a safetensors version, or a file that holds only a state_dict, from a source you trust.'
  },
  CONTAINER_UNKNOWN: {
    message: '{path} holds no tensors in a known way.',
    fix: 'Supported are {supported}.'
  },
  TENSOR_MISSING: {
    message: '{path} has no tensor named {name}.',
    fix: 'The folder may hold another architecture than its config says; check {hint}.'
  },
  TENSOR_SHAPE: {
    message: 'The tensor {name} in {path} has the shape [{found}], but [{expected}] is needed.',
    fix: 'The weights and the config do not belong together; download both again from one source.'
  },
  TENSOR_DTYPE: {
    message: 'The tensor {name} in {path} is stored as {dtype}, which is not supported.',
    fix: 'Supported are: {supported}.'
  },
  // models
  MODEL_FOLDER_INVALID: {
    message: '{path} is not a model folder: {reason}.',
    fix: 'Choose a Hugging Face folder with config.json, tokenizer.json and model.safetensors or pytorch_model.bin.'
  },
  MODEL_CONFIG_INVALID: {
    message: '{path} does not describe a usable model: {reason}.',
    fix: "Download config.json again from the model's page."
  },
  ARCHITECTURE_UNKNOWN: { message: 'The architecture "{found}" in {path} is not known.', fix: 'Supported model types are: {supported}.' },
  MODEL_FEATURE_UNSUPPORTED: { message: 'The model in {path} uses {feature}, which is not supported.', fix: '{hint}' },
  TOKENIZER_INVALID: {
    message: 'The tokenizer in {path} cannot be used: {reason}.',
    fix: "Download it again from the model's page. If it is published like this, the model cannot be used here."
  },
  HOOK_UNKNOWN: { message: 'The model {model} has no hook point "{hook}".', fix: 'Its hook points are: {supported}.' },
  // SAEs
  PREFLIGHT_TEXT_SHORT: {
    message: 'The text for the preflight has only {tokens} tokens; at least {needed} are needed.',
    fix: 'Give a longer text: about 400 words make the numbers steady.'
  },
  PREFLIGHT_STALE: {
    message: 'The preflight is of other files: {reason}.',
    fix: 'Run it again for this model and this SAE.'
  },
  SAE_AMBIGUOUS: {
    message: '{path} can be read in several ways, as: {formats}.',
    fix: 'Say which it is, by choosing the format ({first}, for example).'
  },
  SAE_FOLDER_INVALID: {
    message: '{path} is not an SAE: {reason}.',
    fix: 'Choose the folder or file of one of these: {supported}.'
  },
  SAE_CONFIG_INVALID: { message: '{path} does not describe a usable SAE: {reason}.', fix: 'Download cfg.json again.' },
  SAE_ARCHITECTURE_UNKNOWN: { message: 'The SAE architecture "{found}" in {path} is not known.', fix: 'Supported are: {supported}.' },
  SAE_NEEDS_SCALE: {
    message: 'The SAE in {path} was trained on scaled activations, and its files do not hold the scale.',
    fix: 'Run the preflight, which estimates it; or give it (reading: scale), or add activation_scaler.json.'
  },
  LIBRARY_TOO_LARGE: {
    message: '{path} holds more than {folders} folders or {files} files that may be SAEs; the rest was not looked at.',
    fix: 'Choose the folders that hold the models and SAEs themselves.'
  },
  SAE_NEEDS_K: {
    message:
      'The SAE in {path} keeps the k largest activations of each position, and k stands neither in the file nor in the name of its folder.',
    fix: 'Give the folder the name it was published under ("...-L0_50"), or say it: --reading \'{"k": 50}\' on the command line.'
  },
  SAE_HOOK_MISSING: {
    message: 'The SAE in {path} does not name its hook point.',
    fix: 'Choose the hook point (--hook on the command line).'
  },
  SAE_MODEL_MISMATCH: {
    message: 'The SAE {sae} reads vectors of {d_in} numbers, but {hook} of {model} has {d_model}.',
    fix: 'Choose an SAE that was trained on this model.'
  },
  LAYER_HOOK_UNKNOWN: {
    message: 'The SAE {sae} belongs at {hook}, which the model {model} does not have.',
    fix: 'Leave the SAE out, or choose its hook point: {supported}.'
  },
  LAYER_TWICE: { message: 'The SAE {sae} is listed twice at {hook}.', fix: 'Leave one of them out.' },
  SAE_TOO_WIDE: {
    message: 'One prompt activates {active} latents of {sae}, more than the {limit} that fit in memory.',
    fix: 'Use a shorter prompt, or check that the SAE belongs to this hook point.'
  },
  LABELS_INVALID: {
    message: '{path} cannot be used: line {line}: {reason}.',
    fix: 'Restore the file, or remove it to work without labels.'
  },
  LABEL_EXPORT_UNKNOWN: {
    message: '{path} holds no latent explanations that are known.',
    fix: 'Supported are Neuronpedia exports, Delphi explanations, neuron-explainer files and latents.jsonl.'
  },
  LABEL_EXPORT_INVALID: {
    message: '{path} was not imported: line {line}: {reason}.',
    fix: 'Download or export it again. No labels were changed.'
  },
  LABELS_FOREIGN: {
    message: 'The labels in {path} are for another SAE: they go up to latent {largest}, and {sae} has {d_sae} latents.',
    fix: 'Choose the labels that were made for this SAE.'
  },
  LABELS_UNCONFIRMED: {
    message: 'The labels were not imported. {text}',
    fix: 'Repeat it with --confirm, or with --take and one of: {found}.'
  },
  LABELS_BUSY: {
    message: 'Labels of {sae} are being computed from {path} already.',
    fix: 'Wait until they are done, or cancel that first.'
  },
  TEXT_UNUSABLE: {
    message: '{path} cannot be read as text to label from: {reason}.',
    fix: 'Choose a .txt file, or a .jsonl file with {"text": ...} in every line.'
  },
  LATENT_UNKNOWN: { message: 'The SAE {sae} has no latent {latent}.', fix: 'Its latents are numbered 0 to {last}.' },
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
    fix: 'Write latent:mode:coefficient[:positions], for example 402:add:8:all.'
  },
  CONTEXT_FULL: {
    message: "The prompt has {tokens} tokens and {wanted} more are to be generated, but the model's context holds {limit}.",
    fix: 'Generate at most {room} tokens, or shorten the prompt.'
  },
  NUMBERS_NOT_FINITE: {
    message: 'The model produced numbers that are not finite while {doing}.',
    fix: 'Use a smaller coefficient, or run on the CPU.'
  },
  // runtime
  DEVICE_UNAVAILABLE: { message: 'The device "{device}" is not available here: {reason}.', fix: 'Available devices are: {supported}.' },
  RUNTIME_FAILED: {
    message: 'The inference runtime failed while {doing}: {reason}.',
    fix: 'Try the CPU device. If it goes on, copy the details and report them.'
  },
  WEIGHTS_NOT_IN_PLACE: {
    message: '{file} holds {bytes} bytes of weights compressed or transposed, more than the {limit} that are brought into order in memory.',
    fix: 'Save it again uncompressed and contiguous: as safetensors, with numpy.savez, or after tensor.contiguous().'
  },
  OUT_OF_MEMORY: {
    message: 'There was not enough memory while {doing}.',
    fix: 'Close other programs, use a shorter prompt or a smaller model.'
  },
  MEMORY_TOO_SMALL: {
    message: '{what} needs about {needed} of memory, but this machine can give {given}.',
    fix: 'Close other programs, or choose a smaller model or SAE and shorter prompts.'
  },
  // process
  ENGINE_STOPPED: {
    message: 'The {process} process stopped while it was working on this.',
    fix: 'It has been started again; run it once more. Nothing saved was lost.'
  },
  CALL_INVALID: {
    message: 'The call {call} was refused: {reason}.',
    fix: 'This is a fault of the workbench; copy the details and report them.'
  },
  UNEXPECTED: { message: 'Something went wrong that should not have: {reason}.', fix: 'Copy the details and report them.' },
  // storage
  PROJECT_INVALID: {
    message: '{path} is not a GradSAE project: {reason}.',
    fix: 'Choose a file that was saved by the workbench (.gradsae).'
  },
  PROJECT_NEWER: {
    message: '{path} was saved by a newer version of the workbench.',
    fix: 'Update the workbench to open it. The file was not changed.'
  },
  PROJECT_NOT_OPEN: { message: 'No project is open.', fix: 'Open or create a project first.' },
  PROJECT_IN_USE: { message: '{path} is in use by another program.', fix: 'Close it there, then open it again.' },
  RECORD_MISSING: { message: 'The {kind} {id} is not in this project any more.', fix: 'It may have been deleted; undo brings it back.' },
  // reports and command line
  REPORT_EMPTY: { message: 'Nothing was chosen for the report.', fix: 'Choose at least one ranking, comparison, set run or experiment.' },
  USAGE: { message: '{reason}', fix: 'Run "npm run cli -- --help" for the commands and their options.' }
} as const satisfies Record<string, { message: string; fix: string }>

export type ErrorCode = keyof typeof ERRORS
export type ErrorContext = Record<string, string | number | boolean>

/** An error as data: what crosses processes and is shown in the window. */
export interface WireError {
  code: ErrorCode
  message: string
  fix: string
  details: string
}

/** The one error class for what a person can cause or fix. Made by `fail`. */
export class WorkbenchError extends Error {
  readonly code: ErrorCode
  readonly fix: string
  readonly context: ErrorContext

  constructor(code: ErrorCode, context: ErrorContext, options?: { cause?: unknown }) {
    super(fill(ERRORS[code].message, context), options)
    this.name = 'WorkbenchError'
    this.code = code
    this.fix = fill(ERRORS[code].fix, context)
    this.context = context
  }
}

/** Cancelled is an outcome, not an error; this carries it through promises. */
export class Cancelled extends Error {
  constructor() {
    super('Cancelled')
    this.name = 'Cancelled'
  }
}

/** Throws the error `code`, its texts filled from `context`. */
export function fail(code: ErrorCode, context: ErrorContext = {}, cause?: unknown): never {
  throw new WorkbenchError(code, context, cause === undefined ? undefined : { cause })
}

/** A broken promise between our own parts: never the user's fault. */
export function assert(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new Error(`Broken promise: ${promise}`)
}

/** Any thrown value as data. Unknown exceptions become UNEXPECTED with their stack in `details`. */
export function toWireError(thrown: unknown): WireError {
  if (thrown instanceof WorkbenchError) {
    const { code, message, fix } = thrown
    return { code, message, fix, details: describe(thrown) }
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const { message, fix } = ERRORS.UNEXPECTED
  return { code: 'UNEXPECTED', message: fill(message, { reason }), fix, details: describe(thrown) }
}

/** The data of `toWireError` as an error again, on the other side of a process boundary. */
export function fromWireError(wire: WireError): WorkbenchError {
  const error = new WorkbenchError(wire.code, {})
  return Object.assign(error, { message: wire.message, fix: wire.fix, details: wire.details })
}

function fill(text: string, context: ErrorContext): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => (name in context ? String(context[name]) : hole))
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const cause = thrown.cause === undefined ? '' : `\ncaused by: ${describe(thrown.cause)}`
  return `${thrown.stack ?? thrown.message}${cause}`
}
