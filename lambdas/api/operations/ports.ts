import type { Sleep } from "../../../shared/ports/clock.ts";
import type { EndPorts } from "../../../shared/usecases/end-sandbox.ts";
import type { ViewPorts } from "../../../shared/usecases/view-sandbox.ts";
import type { RecordMetrics } from "../../metrics.ts";

/** Everything that the operations of the api function need from outside. */
export interface ApiPorts extends EndPorts, ViewPorts {
  readonly sleep: Sleep;
  readonly record: RecordMetrics;
}
