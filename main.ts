import { cli } from "./lib/cli.ts";
import { PROCESS_IO } from "./lib/process/process_io.ts";

Deno.exit(await cli(Deno.args, PROCESS_IO));
