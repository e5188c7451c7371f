import type { SocketChannel } from "../../lib/handover/socket_channel.ts";
import { comeToDoor, SocketDoor } from "../../lib/handover/socket_door.ts";
import { Libc } from "../../lib/transport/epoll/libc.ts";

/** The deadline of whatever is to happen soon. */
export const SOON = (): AbortSignal => AbortSignal.timeout(5_000);

/** Two ends, as two processes would have them. */
export async function withChannel(
  test: (libc: Libc, a: SocketChannel, b: SocketChannel) => Promise<void>,
): Promise<void> {
  const libc = new Libc();
  const folder = await Deno.makeTempDir();
  using door = new SocketDoor(libc, folder);
  const accepted = door.accept(SOON());
  const a = comeToDoor(libc, door.path);
  const b = await accepted;
  try {
    await test(libc, a, b);
  } finally {
    a.close();
    b.close();
  }
}
