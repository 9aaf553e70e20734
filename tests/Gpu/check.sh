#!/usr/bin/env bash
# On a machine with an NVIDIA GPU, after a build: a PowerAgent in the sandbox reads the real NVML while serving.py loads the
# GPU. No pool uses the GPU, so nothing of it is set; ends with 1 where a setting changed all the same or a figure is missing.
# Files go to the folder given (default artifacts/gpu).
set -eu
cd "$(dirname "$0")/../.."
out=${1:-artifacts/gpu}
bin=artifacts/bin
state=$(mktemp -d)
mkdir -p "$out"
settings() { nvidia-smi --query-gpu=uuid,name,power.limit,power.default_limit,power.min_limit,power.max_limit,clocks.max.sm,clocks.applications.graphics --format=csv; }
settings > "$out/before.csv"
"$bin/Ops.Cli/release/Ops.Cli" up --no-samples --api-port 0 --router-port 32701 --dashboard-port 32702 --state "$state" > "$out/up.log" 2>&1 &
up=$!
agent=
trap 'for id in $agent $up; do kill "$id" 2>/dev/null; done; wait; rm -rf "$state"' EXIT
until grep -q 'Stop it: Ctrl-C' "$out/up.log"; do kill -0 $up || { cat "$out/up.log"; exit 1; }; sleep 1; done
KUBECONFIG=$state/kubeconfig "$bin/Ops.PowerAgent/release/Ops.PowerAgent" --node gpu --namespace ops-power --interval 500ms --urls http://127.0.0.1:8083 > "$out/agent.log" 2>&1 &
agent=$!
until curl -s http://127.0.0.1:8083/metrics | grep -q '^ops_gpu_energy_joules_total{'; do kill -0 $agent || { cat "$out/agent.log"; exit 1; }; sleep 1; done
python3 tests/Gpu/serving.py --agent http://127.0.0.1:8083/metrics "${@:2}" > "$out/serving.csv" 2> "$out/serving.log" || { cat "$out/serving.log"; exit 1; }
curl -s http://127.0.0.1:8083/metrics | grep '^ops_' > "$out/metrics.txt"
kill $agent
wait $agent || true
agent=
settings > "$out/after.csv"
cat "$out/agent.log" "$out/metrics.txt" "$out/serving.log" "$out/serving.csv"
diff "$out/before.csv" "$out/after.csv" || { echo "The GPU's settings are not as before (above); nvidia-smi gives them back."; exit 1; }
echo "The GPU's settings are as before."
