// SPDX-License-Identifier: MIT
// What the providers answer to a prompt, in each one's shape. `figures` are what the usage log must have of it: model,
// input, output, cache read.

// OpenAI's Responses API: the same events on a WebSocket and over HTTP.
export const openai = {
  figures: ['scripted-openai-1', 1201, 37, 1024],
  events(text) {
    const response = { id: 'resp_1', object: 'response', model: 'scripted-openai-1', created_at: 1, output: [] };
    const item = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] };
    const usage = { input_tokens: 1201, input_tokens_details: { cached_tokens: 1024 }, output_tokens: 37, output_tokens_details: { reasoning_tokens: 5 }, total_tokens: 1238 };
    return [
      { type: 'response.created', response: { ...response, status: 'in_progress', usage: null } },
      { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
      ...text.split(/(?<= )/).map((delta) => ({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta })),
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { ...response, status: 'completed', output: [item], usage } },
    ];
  },
};

export const anthropic = {
  figures: ['scripted-anthropic-1', 211, 19, 300],
  events(text) {
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted-anthropic-1', content: [], stop_reason: null, stop_sequence: null };
    return [
      { type: 'message_start', message: { ...message, usage: { input_tokens: 211, cache_creation_input_tokens: 0, cache_read_input_tokens: 300, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ...text.split(/(?<= )/).map((piece) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } })),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 19 } },
      { type: 'message_stop' },
    ];
  },
};

export const gemini = {
  figures: ['scripted-gemini-1', 87, 11, 20],
  // The whole of an answer, or a part of a streamed one.
  part(text, last) {
    const usageMetadata = { promptTokenCount: 87, cachedContentTokenCount: 20, ...(last ? { candidatesTokenCount: 11, totalTokenCount: 98 } : {}) };
    return { candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...(last ? { finishReason: 'STOP' } : {}) }], usageMetadata, modelVersion: 'scripted-gemini-1' };
  },
  events(text) {
    const pieces = text.split(/(?<= )/);
    return pieces.map((p, i) => this.part(p, i === pieces.length - 1));
  },
};
