/** One thing wrong with a configuration: the field's path and what would be right. */
export interface ConfigProblem {
  readonly field: string;
  readonly problem: string;
}
