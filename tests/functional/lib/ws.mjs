// SPDX-License-Identifier: MIT
// The ws package, for tests that stand in another folder than its own.
export { default as WebSocket, WebSocketServer } from 'ws';
