import { Stack } from "aws-cdk-lib";
import { CfnLaunchTemplate } from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { explainManagedPolicy, explainWildcard } from "./acknowledgement.ts";
import { type Deployment, deploymentTag } from "./deployment.ts";
import type { LambdaFunction } from "./function.ts";
import { allowing, type Wire } from "./wire.ts";

const awsManaged =
  "EKS's own nodes and add-ons work with these policies of AWS, which grow with the service; a copy would break a cluster.";

/** What clusters with a managed node group need beyond those in Auto Mode: rights of their nodes and of the storage driver. */
export class ManagedNodes extends Construct {
  private readonly nodeRole: Role;
  private readonly storageRole: Role;
  private readonly launchTemplate: CfnLaunchTemplate;

  constructor(scope: Construct, id: string, props: { readonly deployment: Deployment }) {
    super(scope, id);
    this.nodeRole = this.role("NodeRole", new ServicePrincipal("ec2.amazonaws.com"), [
      "AmazonEKSWorkerNodePolicy",
      "AmazonEKS_CNI_Policy",
      "AmazonEC2ContainerRegistryPullOnly",
    ]);
    const pods = new ServicePrincipal("pods.eks.amazonaws.com");
    this.storageRole = this.role("StorageRole", pods, ["service-role/AmazonEBSCSIDriverPolicy"]);
    this.storageRole.assumeRolePolicy?.addStatements(
      new PolicyStatement({ actions: ["sts:TagSession"], principals: [pods] }),
    );
    this.launchTemplate = new CfnLaunchTemplate(this, "LaunchTemplate", {
      launchTemplateData: {
        // One hop: no pod but those in the node's own network reaches the node's credentials.
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: { volumeType: "gp3", volumeSize: 40, encrypted: true, deleteOnTermination: true },
          },
        ],
        tagSpecifications: ["instance", "volume"].map((resourceType) => ({
          resourceType,
          tags: [{ key: deploymentTag, value: props.deployment.id }],
        })),
      },
    });
  }

  private role(id: string, assumedBy: ServicePrincipal, policies: readonly string[]): Role {
    const managedPolicies = policies.map((name) => ManagedPolicy.fromAwsManagedPolicyName(name));
    const role = new Role(this, id, { assumedBy, managedPolicies });
    for (const name of policies) explainManagedPolicy(role, name, awsManaged);
    return role;
  }

  /** The nodes' role, with the right to hand it to EKS, which hands it to EC2. */
  passingNodeRole(): Wire {
    return passing(this.nodeRole, "ec2.amazonaws.com", "iam:ListAttachedRolePolicies");
  }

  /** The storage driver's role, with the right to hand it to EKS, which hands it to the driver's pods. */
  passingStorageRole(): Wire {
    return passing(this.storageRole, "pods.eks.amazonaws.com");
  }

  /** What nodes are launched from. EKS asks whether the caller could launch them so itself; it can, and in no other way. */
  launching(): Wire {
    const id = this.launchTemplate.ref;
    const resource = `launch-template/${id}`;
    const arn = Stack.of(this).formatArn({ service: "ec2", resource });
    return allowing(id, ["ec2:RunInstances"], ["*"], { ArnEquals: { "ec2:LaunchTemplate": arn } });
  }

  /** Lets a function give node groups and add-ons to the clusters whose names begin so. */
  letProvide(worker: LambdaFunction<unknown>, prefix: string): void {
    const arn = (resource: string) => Stack.of(this).formatArn({ service: "eks", resource });
    const clusters = arn(`cluster/${prefix}`);
    const nodegroups = arn(`nodegroup/${prefix}`);
    const addons = arn(`addon/${prefix}`);
    const nodegroupRole = Stack.of(this).formatArn({
      service: "iam",
      region: "",
      resource: "role/aws-service-role/eks-nodegroup.amazonaws.com/AWSServiceRoleForAmazonEKSNodegroup",
    });
    worker.allow(
      new PolicyStatement({
        actions: ["eks:CreateAddon", "eks:CreateNodegroup", "eks:CreatePodIdentityAssociation"],
        resources: [clusters],
      }),
      // AWS authorizes these two on the sub-resource, MiniStack on the cluster.
      new PolicyStatement({ actions: ["eks:DescribeNodegroup"], resources: [nodegroups, clusters] }),
      new PolicyStatement({ actions: ["eks:DescribeAddon"], resources: [addons, clusters] }),
      new PolicyStatement({
        actions: ["eks:TagResource"],
        resources: [nodegroups, addons, arn(`podidentityassociation/${prefix}`)],
      }),
      // Offers of the Region, not of a cluster.
      new PolicyStatement({ actions: ["eks:DescribeClusterVersions"], resources: ["*"] }),
      // EKS makes its own role with the caller's rights when the account's first node group is created.
      new PolicyStatement({
        actions: ["iam:CreateServiceLinkedRole"],
        resources: [nodegroupRole],
        conditions: { StringEquals: { "iam:AWSServiceName": "eks-nodegroup.amazonaws.com" } },
      }),
    );
    for (const kind of ["addon", "podidentityassociation"]) {
      const reason = "Clusters come and go; their names begin with the deployment's id.";
      explainWildcard(worker.role, "eks", `${kind}/${prefix}`, reason);
    }
  }
}

function passing(role: Role, service: string, ...more: readonly string[]): Wire {
  const services = ["eks.amazonaws.com", service];
  const wire = allowing(role.roleArn, ["iam:PassRole"], [role.roleArn], {
    StringEquals: { "iam:PassedToService": services },
  });
  const looking = allowing(role.roleArn, ["iam:GetRole", ...more], [role.roleArn]);
  return { ...wire, statements: [...wire.statements, ...looking.statements] };
}
