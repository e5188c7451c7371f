/** How a new process finds out that it is to take over. */
import { messageOf } from "../error_message.ts";
import { Libc } from "../transport/epoll/libc.ts";
import { Conversation, HandoverError } from "./conversation.ts";
import { comeToDoor } from "./socket_door.ts";
import { HANDOVER_VARIABLE } from "./successor.ts";

/**
 * The process that started this one so that it takes over; `undefined` where none did. Is told once: programs that this process starts
 * have nothing to take over.
 *
 * @throws {HandoverError} where it cannot be reached
 */
export function findPredecessor(): Conversation | undefined {
  const path = Deno.env.get(HANDOVER_VARIABLE);
  if (path === undefined) return undefined;
  Deno.env.delete(HANDOVER_VARIABLE);
  try {
    return new Conversation(comeToDoor(new Libc(), path));
  } catch (error) {
    if (error instanceof HandoverError) throw error;
    throw new HandoverError(messageOf(error));
  }
}
