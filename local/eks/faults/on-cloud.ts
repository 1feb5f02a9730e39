import type { ClusterSubject, FaultRegister } from "./register.ts";

/** What goes wrong in the cloud around one cluster; asked each time that it could matter. */
export interface CloudEffects {
  /** `loadBalancerHangs`: whether its load balancers and their finalizers have to stay. */
  keepsLoadBalancers(): boolean;
  /** `leakedInterface`: whether the network interface whose node goes has to stay; true once a cluster. */
  leavesInterface(): boolean;
  /** `nodeNeverReady`: whether its new nodes have to stay NotReady. */
  keepsNodesNotReady(): boolean;
}

/** The effects on the cluster that `subject` tells. */
export function effectsOnCloud(faults: FaultRegister, subject: () => ClusterSubject): CloudEffects {
  return {
    keepsLoadBalancers: () => faults.hold("loadBalancerHangs", subject()) !== undefined,
    leavesInterface: () => faults.once("leakedInterface", subject()) !== undefined,
    keepsNodesNotReady: () => faults.hold("nodeNeverReady", subject()) !== undefined,
  };
}
