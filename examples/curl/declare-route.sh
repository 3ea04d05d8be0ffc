#!/usr/bin/env bash
# Declares a cluster, a service and a route, waits until the gateway was read to carry the route, and prints what is known of it.
# It may be run again: what is declared already stays as it is, and what differs is replaced.
#
# Needs curl 7.84 or newer, and jq. The defaults fit the demo fleet of `npm start`, whose second cluster listens on port 9102:
#   FAIRLEAD_TOKEN="$(cat .fairlead/token)" examples/curl/declare-route.sh
set -euo pipefail

FAIRLEAD_URL=${FAIRLEAD_URL:-http://127.0.0.1:8787}
FLEET=${FLEET:-demo}
GATEWAY=${GATEWAY:-edge}
CLUSTER_ADDRESS=${CLUSTER_ADDRESS:-127.0.0.1}
CLUSTER_PORT=${CLUSTER_PORT:-9102}
WAIT_SECONDS=${WAIT_SECONDS:-120}
: "${FAIRLEAD_TOKEN:?Set FAIRLEAD_TOKEN to a token of the API.}"

FLEET_URL=$FAIRLEAD_URL/v1/fleets/$FLEET
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# request METHOD URL [OPTION...]: prints the answer. A refusal ends the script, after the problem that the API told.
request() {
  curl --silent --show-error --fail-with-body --output "$answer" --request "$1" "$2" \
    --header "Authorization: Bearer $FAIRLEAD_TOKEN" "${@:3}" || { cat "$answer" >&2; return 1; }
  cat "$answer"
}

# etag URL: prints the entity tag of a resource, or nothing where there is none yet.
etag() {
  curl --silent --show-error --output "$answer" --write-out '%header{etag}' "$1" \
    --header "Authorization: Bearer $FAIRLEAD_TOKEN"
}

# declare_resource KIND/NAME JSON: creates the resource, or replaces the one that was there when its tag was read.
declare_resource() {
  local tag condition
  tag=$(etag "$FLEET_URL/$1")
  condition=${tag:+If-Match: $tag}
  request PUT "$FLEET_URL/$1?reason=curl+example" --header 'Content-Type: application/json' \
    --header "${condition:-If-None-Match: *}" --data "$2" > /dev/null
  echo "Declared $1."
}

# await_following KIND/NAME: waits until gateways were read to have the resource as it is declared.
await_following() {
  local waited
  for ((waited = 0; waited < WAIT_SECONDS; waited++)); do
    if request GET "$FLEET_URL/$1" | jq --exit-status \
      '[.conditions[] | select(.type == "Programmed" or .type == "Following") | .status] == ["True", "True"]' > /dev/null
    then
      echo "Verified $1."
      return
    fi
    sleep 1
  done
  echo "After $WAIT_SECONDS s the gateway does not follow $1:" >&2
  request GET "$FLEET_URL/$1" | jq .conditions >&2
  return 1
}

declare_resource clusters/curl-example "$(jq --null-input --arg address "$CLUSTER_ADDRESS" --argjson port "$CLUSTER_PORT" '{
  kind: "kubernetes",
  ingress: { endpoints: [{ address: $address, port: $port }] },
  probes: [{ type: "http", url: "http://\($address):\($port)/healthz" }]
}')"

declare_resource services/curl-example '{
  "ports": [{ "name": "http", "port": 80 }],
  "exports": [{ "cluster": "curl-example" }]
}'

declare_resource routes/curl-example "$(jq --null-input --arg gateway "$GATEWAY" '{
  gateways: [$gateway],
  hostnames: ["curl.example.com"],
  rules: [{ backendRefs: [{ service: "curl-example", port: 80 }] }],
  distribution: { strategy: "weighted", clusters: [{ cluster: "curl-example" }] }
}')"

await_following routes/curl-example

echo 'Who gets how much, wanted and read at the gateway:'
request GET "$FLEET_URL/routes/curl-example" | jq --compact-output '.parents[].backends[].clusters[]'
echo 'The fleet as a whole:'
request GET "$FLEET_URL/status" | jq --raw-output .summary
