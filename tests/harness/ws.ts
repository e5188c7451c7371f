/** `ws` with types: an independent WebSocket client and server. */
// @ts-types="../../types/ws.d.ts"
export * from "ws";
