/** What no client may send any more once its login is over. */
import { packetNamed } from "../protocol/packet_table.ts";

const MISPLACED: ReadonlyMap<number, string> = new Map([
  [packetNamed("PlayerIdentification").id, "second Identification"],
  [packetNamed("ExtInfo").id, "extension list after its end"],
  [packetNamed("ExtEntry").id, "extension list after its end"],
]);

/** What is wrong with a client's packet of that id behind its login, if anything. */
export function misplaced(id: number): string | undefined {
  return MISPLACED.get(id);
}
