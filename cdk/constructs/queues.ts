import { Duration } from "aws-cdk-lib";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource, type SqsEventSourceProps } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { allowing, type Wire } from "./wire.ts";

interface QueueWithDeadLettersProps {
  /** The timeout of the function that reads the queue. */
  readonly consumerTimeout: Duration;
  readonly maxReceiveCount: number;
  readonly fifo?: boolean;
  readonly deliveryDelay?: Duration;
}

/** A queue with a place for the messages that no attempt could serve. */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: QueueWithDeadLettersProps) {
    super(scope, id);
    const common = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // CloudFormation takes `true` or nothing.
      ...(props.fifo && { fifo: true }),
    };
    this.deadLetters = new Queue(this, "DeadLetters", { ...common, retentionPeriod: Duration.days(14) });
    this.queue = new Queue(this, "Queue", {
      ...common,
      ...(props.deliveryDelay && { deliveryDelay: props.deliveryDelay }),
      // What Lambda asks for: room for throttled attempts before the message shows up a second time.
      visibilityTimeout: Duration.seconds(props.consumerTimeout.toSeconds() * 6),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.maxReceiveCount },
    });
  }

  /** The queue's address, with the right to send to it. */
  sending(): Wire {
    return allowing(this.queue.queueUrl, ["sqs:SendMessage"], [this.queue.queueArn]);
  }

  deliverTo(consumer: IFunction, options: SqsEventSourceProps): void {
    consumer.addEventSource(new SqsEventSource(this.queue, options));
  }
}

/** The nudges to the refiller and the steps for the worker. */
export class Queues extends Construct {
  readonly refill: QueueWithDeadLetters;
  readonly work: QueueWithDeadLetters;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly refillerTimeout: Duration; readonly workerTimeout: Duration },
  ) {
    super(scope, id);
    // A pass starts after the second is over whose nudges count as one, and so sees what each of them was sent for.
    // The group is the pool: passes of one pool never overlap.
    this.refill = new QueueWithDeadLetters(this, "Refill", {
      fifo: true,
      deliveryDelay: Duration.seconds(1),
      consumerTimeout: props.refillerTimeout,
      maxReceiveCount: 3,
    });
    this.work = new QueueWithDeadLetters(this, "Work", { consumerTimeout: props.workerTimeout, maxReceiveCount: 5 });
  }
}
