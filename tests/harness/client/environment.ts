import { type PacketHandlers, plain, type StatePart } from "./part.ts";

const SIDE_BLOCK = 0;
const EDGE_BLOCK = 1;
const EDGE_HEIGHT = 2;
const CLOUDS_HEIGHT = 3;
const MAX_VIEW_DISTANCE = 4;
/** By number of the property: blocks, heights (-1 = by the map), distance (0 = the client's), speeds, fog, offset. */
const DEFAULT_PROPERTIES = [7, 9, -1, -1, 0, 256, 256, 128, 0, -2, 0, 0] as const;

/** A colour of the world, or of a text. */
export interface Colour {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

/** Sky, weather, horizon, textures and light. A new map resets all but textures, view distance and light. */
export class ClientEnvironment implements StatePart {
  /** By number of the variable; missing ones have their default. */
  readonly colours = new Map<number, Colour>();
  /** Values by number of the property, in the units of SetMapEnvProperty. */
  readonly properties: number[] = [...DEFAULT_PROPERTIES];
  #weather = 0;
  #textureUrl = "";
  #lighting = { mode: 0, locked: false };

  readonly handlers: PacketHandlers = {
    LevelInitialize: () => {
      this.colours.clear();
      for (const [property, value] of DEFAULT_PROPERTIES.entries()) {
        if (property !== MAX_VIEW_DISTANCE) this.properties[property] = value;
      }
      this.#weather = 0;
    },
    EnvSetColor: ({ variable, red, green, blue }) => {
      const isDefault = [red, green, blue].some((component) => component < 0 || component > 255);
      if (isDefault) this.colours.delete(variable);
      else this.colours.set(variable, { red, green, blue });
    },
    EnvSetMapAppearance: ({ textureUrl, sideBlock, edgeBlock, sideLevel, cloudsHeight, maxViewDistance }) => {
      this.#setTextures(textureUrl);
      this.#setProperty(SIDE_BLOCK, sideBlock);
      this.#setProperty(EDGE_BLOCK, edgeBlock);
      this.#setProperty(EDGE_HEIGHT, sideLevel);
      if (cloudsHeight !== undefined) this.#setProperty(CLOUDS_HEIGHT, cloudsHeight);
      if (maxViewDistance !== undefined) this.#setProperty(MAX_VIEW_DISTANCE, maxViewDistance);
    },
    SetMapEnvUrl: ({ url, urlPart2 }) => this.#setTextures(url + (urlPart2 ?? "")),
    SetMapEnvProperty: ({ property, value }) => this.#setProperty(property, value),
    EnvSetWeatherType: ({ weather }) => {
      this.#weather = weather;
    },
    LightingMode: ({ mode, locked }) => {
      this.#lighting = { mode, locked: mode > 0 && locked !== 0 };
    },
  };

  /** 0 sun, 1 rain, 2 snow. */
  get weather(): number {
    return this.#weather;
  }

  /** Where the textures come from; empty for the client's own. */
  get textureUrl(): string {
    return this.#textureUrl;
  }

  get lighting(): { readonly mode: number; readonly locked: boolean } {
    return this.#lighting;
  }

  snapshot(): unknown {
    const { weather, textureUrl, lighting } = this;
    return { colours: plain(this.colours), properties: [...this.properties], weather, textureUrl, lighting };
  }

  #setProperty(property: number, value: number): void {
    if (property === MAX_VIEW_DISTANCE) this.properties[property] = Math.max(value, 0);
    else if (property < this.properties.length) this.properties[property] = value;
  }

  /** The client ignores what is neither empty nor an address. */
  #setTextures(url: string): void {
    if (url === "" || /^https?:\/\//i.test(url)) this.#textureUrl = url;
  }
}
