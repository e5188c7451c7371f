/**
 * What is used of `prom-client`. Its own entry also loads HTTP, clusters and OpenTelemetry for parts that are not, which took longer
 * and more memory than everything else at the start.
 */
import type * as client from "prom-client";
import counter from "prom-client/lib/counter.js";
import gauge from "prom-client/lib/gauge.js";
import histogram from "prom-client/lib/histogram.js";
import registry from "prom-client/lib/registry.js";

export const Counter: typeof client.Counter = counter;
export type Counter<T extends string = string> = client.Counter<T>;

export const Gauge: typeof client.Gauge = gauge;
export type Gauge<T extends string = string> = client.Gauge<T>;

export const Histogram: typeof client.Histogram = histogram;
export type Histogram<T extends string = string> = client.Histogram<T>;

export const Registry: typeof client.Registry = registry;
export type Registry = client.Registry;
