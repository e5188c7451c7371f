import { type PacketHandlers, plain, type StatePart } from "./part.ts";

const MODEL_COUNT = 64;

/** A model as its packets define it. */
export interface CustomModel {
  readonly definition: Readonly<Record<string, unknown>> & { readonly partCount: number };
  readonly parts: Readonly<Record<string, unknown>>[];
}

/** Shapes of entities and of particles that the server defined. */
export class ClientModels implements StatePart {
  readonly models = new Map<number, CustomModel>();
  /** Particle effects. No packet removes one, so that they are no part of the snapshot. */
  readonly effects = new Map<number, Readonly<Record<string, number>>>();

  readonly handlers: PacketHandlers = {
    DefineModel: (packet) => {
      if (packet.modelId < MODEL_COUNT) this.models.set(packet.modelId, { definition: { ...packet }, parts: [] });
    },
    DefineModelPart: (packet) => {
      const model = this.models.get(packet.modelId);
      if (model !== undefined && model.parts.length < model.definition.partCount) model.parts.push({ ...packet });
    },
    UndefineModel: ({ modelId }) => {
      this.models.delete(modelId);
    },
    DefineEffect: (packet) => {
      this.effects.set(packet.effectId, { ...packet });
    },
  };

  snapshot(): unknown {
    return plain(this.models);
  }
}
