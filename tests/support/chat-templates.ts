/** Chat templates as the families publish them, and the text that each makes of one chat, derived by hand. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatTurn } from '../../src/shared/records/token'

export interface ChatFamily {
  readonly name: string
  readonly template: string
  readonly bos: string
  readonly eos: string
  /** Whether it takes a system prompt. */
  readonly system: boolean
  /** Of CHAT without its system turn where there is none. */
  readonly text: string
  /** The beginning of the assistant's turn. */
  readonly generation: string
}

/** White space around the turns is on purpose: some families trim it. */
export const CHAT: readonly ChatTurn[] = [
  { role: 'system', content: 'Be brief. ' },
  { role: 'user', content: ' Hello\nyou' },
  { role: 'assistant', content: 'Hi.' },
  { role: 'user', content: 'Why?' }
]

export const CHAT_FAMILIES: readonly ChatFamily[] = [
  {
    name: 'Llama 3',
    template:
      "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}",
    bos: '<|begin_of_text|>',
    eos: '<|eot_id|>',
    system: true,
    text: '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello\nyou<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHi.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>',
    generation: '<|start_header_id|>assistant<|end_header_id|>\n\n'
  },
  {
    name: 'Qwen 2.5',
    template: `{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
`,
    bos: '<|endoftext|>',
    eos: '<|im_end|>',
    system: true,
    text: '<|im_start|>system\nBe brief. <|im_end|>\n<|im_start|>user\n Hello\nyou<|im_end|>\n<|im_start|>assistant\nHi.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n',
    generation: '<|im_start|>assistant\n'
  },
  {
    name: 'Gemma 2',
    template:
      "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}",
    bos: '<bos>',
    eos: '<eos>',
    system: false,
    text: '<bos><start_of_turn>user\nHello\nyou<end_of_turn>\n<start_of_turn>model\nHi.<end_of_turn>\n<start_of_turn>user\nWhy?<end_of_turn>\n',
    generation: '<start_of_turn>model\n'
  },
  {
    name: 'Mistral',
    template:
      "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    bos: '<s>',
    eos: '</s>',
    system: false,
    text: '<s>[INST]  Hello\nyou [/INST]Hi.</s>[INST] Why? [/INST]',
    generation: ''
  },
  {
    name: 'ChatML',
    template:
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    bos: '<|startoftext|>',
    eos: '<|im_end|>',
    system: true,
    text: '<|im_start|>system\nBe brief. <|im_end|>\n<|im_start|>user\n Hello\nyou<|im_end|>\n<|im_start|>assistant\nHi.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n',
    generation: '<|im_start|>assistant\n'
  }
]

/** A folder with the files that a chat template is read from; returns its path. */
export function chatFolder(folder: string, files: Readonly<Record<string, unknown>>): string {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return folder
}
