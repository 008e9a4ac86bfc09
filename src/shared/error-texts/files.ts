/** Failures of what is read from disk: files, containers, models, SAEs. What a text is: see shared/errors.ts. */
import type { ErrorText } from './types'

export const FILE_ERRORS = {
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
  GGUF_INVALID: {
    message: '{path} is not a GGUF file that can be read: {reason}.',
    fix: 'The file is damaged or was cut off; export or download it again.'
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
  LATENT_UNKNOWN: { message: 'The SAE {sae} has no latent {latent}.', fix: 'Its latents are numbered 0 to {last}.' }
} as const satisfies Record<string, ErrorText>
