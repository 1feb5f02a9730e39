export interface Welcome {
  readonly apiUrl: string;
  readonly tokenUrl: string;
  readonly token: string;
  readonly poolId: string;
}

/** What a new user can paste next, line by line, into a shell: the life of one sandbox. */
export function nextSteps({ apiUrl, tokenUrl, token, poolId }: Welcome): string {
  return `
Sandlot runs. In another terminal, line by line:

  export API=${apiUrl}
  export TOKEN=${token}

  # claim a cluster from the warm pool, and remember its id
  curl -s -X POST $API/v1/sandboxes -H "authorization: Bearer $TOKEN" -H "idempotency-key: first" -d '{"poolId":"${poolId}"}' | tee sandbox.json
  ID=$(grep -o 'sbx_[a-z0-9]*' sandbox.json | head -1)

  # get a kubeconfig, and use the cluster
  curl -s -X POST $API/v1/sandboxes/$ID/credentials -H "authorization: Bearer $TOKEN" -H "accept: application/yaml" > kubeconfig
  kubectl --kubeconfig kubeconfig get nodes

  # end it, and read why it ended
  curl -s -X DELETE $API/v1/sandboxes/$ID -H "authorization: Bearer $TOKEN"
  curl -s $API/v1/sandboxes/$ID/events -H "authorization: Bearer $TOKEN"

A token for another tenant: curl -s -X POST ${tokenUrl} -H "accept: text/plain" -d '{"tenant":"globex"}'
Ctrl-C ends everything.
`;
}
