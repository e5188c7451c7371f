import type { Colour } from "./environment.ts";
import { type ClientContext, keep, type PacketHandlers, plain, type StatePart } from "./part.ts";

const CHAT = 0;
const SYSTEM = 255;
const STATUS_3 = 3;
const STATUS_TYPES: readonly number[] = [1, 2, STATUS_3, 11, 12, 13];
const ANNOUNCEMENT_TYPES: readonly number[] = [100, 101, 102];
const DETAIL = "^detail.user";
const FORBIDDEN_COLOUR_CODES: readonly number[] = [0x00, 0x20, 0x25, 0x26, 0xff];
const MAX_KEY_CODE = 255;
const DIGIT_COLOURS = "000000 0000bf 00bf00 00bfbf bf0000 bf00bf bfbf00 bfbfbf 404040 4040ff";
const LETTER_COLOURS = "40ff40 40ffff ff4040 ff40ff ffff40 ffffff";
const PALETTE: ReadonlyMap<number, string> = new Map([
  ...DIGIT_COLOURS.split(" ").map((colour, index) => [0x30 + index, `${colour}ff`] as const),
  ...LETTER_COLOURS.split(" ").map((colour, index) => [0x41 + index, `${colour}ff`] as const),
  ...LETTER_COLOURS.split(" ").map((colour, index) => [0x61 + index, `${colour}ff`] as const),
]);

/** A box drawn into the world. */
export interface Selection extends Colour {
  readonly label: string;
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  readonly opacity: number;
}

/** What is drawn over the world, and what keys do. */
export class ClientScreen implements StatePart {
  /** Chat, oldest first, as the client shows it. */
  readonly chat: string[] = [];
  /** Lines the client swallows because they begin with `^detail.user`. */
  readonly hidden: string[] = [];
  /** Status lines by message type; empty ones are missing. */
  readonly status = new Map<number, string>();
  /** The last announcement by message type. They fade by themselves. */
  readonly announcements = new Map<number, string>();
  /** Colours as `rrggbbaa` by code, where they differ from the default. */
  readonly textColours = new Map<number, string>();
  /** Actions by key code × 256 + modifiers. */
  readonly hotKeys = new Map<number, string>();
  readonly selections = new Map<number, Selection>();
  readonly #context: ClientContext;
  #cinematic: Readonly<Record<string, number>> = noCinematic();
  #blockListOpen = false;

  readonly handlers: PacketHandlers = {
    LevelInitialize: () => this.selections.clear(),
    Message: ({ type, message }) => this.#show(type, message),
    SetTextColor: ({ red, green, blue, alpha, code }) => {
      if (FORBIDDEN_COLOUR_CODES.includes(code)) return;
      const colour = [red, green, blue, alpha].map((part) => part.toString(16).padStart(2, "0")).join("");
      const isDefault = PALETTE.has(code) ? PALETTE.get(code) === colour : alpha === 0;
      if (isDefault) this.textColours.delete(code);
      else this.textColours.set(code, colour);
    },
    SetTextHotKey: ({ action, keyCode, keyMods }) => {
      if (keyCode < 0 || keyCode > MAX_KEY_CODE) return;
      if (action === "") this.hotKeys.delete(keyCode * 256 + keyMods);
      else this.hotKeys.set(keyCode * 256 + keyMods, action);
    },
    MakeSelection: ({ selectionId, label, x1, y1, z1, x2, y2, z2, red, green, blue, opacity }) => {
      this.selections.set(selectionId, { label, from: [x1, y1, z1], to: [x2, y2, z2], red, green, blue, opacity });
    },
    RemoveSelection: ({ selectionId }) => {
      this.selections.delete(selectionId);
    },
    CinematicGui: (packet) => {
      this.#cinematic = { ...packet };
    },
    ToggleBlockList: ({ toggle }) => {
      this.#blockListOpen = toggle === 0;
    },
  };

  constructor(context: ClientContext) {
    this.#context = context;
  }

  get cinematic(): Readonly<Record<string, number>> {
    return this.#cinematic;
  }

  get blockListOpen(): boolean {
    return this.#blockListOpen;
  }

  snapshot(): unknown {
    return {
      status: plain(this.status),
      textColours: plain(this.textColours),
      hotKeys: plain(this.hotKeys),
      selections: plain(this.selections),
      cinematic: this.#cinematic,
      blockListOpen: this.#blockListOpen,
    };
  }

  /** Without MessageTypes, the server's own words get their colour before anybody looks at what they begin with. */
  #show(type: number, text: string): void {
    const hasTypes = this.#context.extensions.has("MessageTypes");
    const message = !hasTypes && type === SYSTEM ? `&e${text}` : text;
    if (message.toLowerCase().startsWith(`${DETAIL}=`)) {
      this.#showAt(STATUS_3, message.slice(DETAIL.length + 1));
    } else if (message.toLowerCase().startsWith(DETAIL)) {
      keep(this.hidden, message);
    } else {
      this.#showAt(hasTypes ? type : CHAT, message);
    }
  }

  #showAt(type: number, text: string): void {
    if (type === CHAT) {
      keep(this.chat, text);
    } else if (STATUS_TYPES.includes(type)) {
      if (text === "") this.status.delete(type);
      else this.status.set(type, text);
    } else if (ANNOUNCEMENT_TYPES.includes(type)) {
      this.announcements.set(type, text);
    } else {
      this.#context.violation(`Message of type ${type}, which is nowhere on the screen: ${JSON.stringify(text)}`);
    }
  }
}

function noCinematic(): Readonly<Record<string, number>> {
  return { hideCrosshair: 0, hideHand: 0, hideHotbar: 0, red: 0, green: 0, blue: 0, opacity: 0, barSize: 0 };
}
