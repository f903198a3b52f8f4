#!/bin/bash
# A Lambda extension that starts the agent at the first event, for those who keep the layout of AWS's example or must
# prepare something first. The file's own name is the extension's name, as Lambda wants it. Needs curl in the image.
set -euo pipefail
name=$(basename "$0")
binary=$(cd "$(dirname "$0")/../bin" && pwd)/secrets-manager-agent
api=http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension
agent=

stop() {
  [[ -z $agent ]] || kill "$agent" 2> /dev/null || true
  wait
  exit 0
}
trap stop TERM INT

identifier=$(curl --silent --show-error --fail --dump-header - --output /dev/null \
  --header "Lambda-Extension-Name: $name" --data '{"events": ["INVOKE", "SHUTDOWN"]}' "$api/register" \
  | tr -d '\r' | sed -n 's/^lambda-extension-identifier: *//Ip')

while event=$(curl --silent --show-error --fail --header "Lambda-Extension-Identifier: $identifier" "$api/event/next"); do
  case $event in
    *SHUTDOWN*) stop ;;
    *INVOKE*)
      # /tmp is the only folder of a function that can be written, if the agent logs to a file.
      if [[ -z $agent ]]; then
        (cd /tmp && exec "$binary") &
        agent=$!
      fi
      ;;
  esac
done
stop
