#!/usr/bin/env bash
# Prometheus reads the rules of deploy/monitoring, and each alert is silent and comes as
# tests/integration/monitoring/alerts_test.yml says. Needs promtool, which Debian's `prometheus` brings together with a
# service that starts; where it is not installed the check is left out, and says so. PROMTOOL names another one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly promtool="${PROMTOOL:-promtool}" rules=deploy/monitoring tests=tests/integration/monitoring/alerts_test.yml

missing=0
while read -r alert; do
  # Once in silence, once having come.
  (($(grep -cE "alertname: $alert\b" "$tests") >= 2)) && continue
  echo "$alert is not played in $tests"
  missing=1
done < <(sed -nE 's/^ +- alert: (.+)/\1/p' "$rules/alerting_rules.yml")
((missing == 0)) || exit 1

if ! command -v "$promtool" >/dev/null; then
  echo "left out: there is no promtool"
  exit 0
fi
"$promtool" check rules "$rules/recording_rules.yml" "$rules/alerting_rules.yml"
"$promtool" check config "$rules/prometheus.yml"
"$promtool" test rules "$tests"
