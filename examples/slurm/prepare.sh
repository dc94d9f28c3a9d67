#!/bin/bash
# Prepare features on eight nodes: a Dask scheduler and a worker a node, then the command that uses them.
#   sbatch --export=ALL,DATA=/shared/fma,FEATURES=/shared/features/fma-low examples/slurm/prepare.sh
#SBATCH --job-name=aitunes-prepare
#SBATCH --nodes=8
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=02:00:00
set -euo pipefail
export OMP_NUM_THREADS=1

rendezvous=$(mktemp -p "$PWD" scheduler.XXXXXX.json)
rm "$rendezvous" # the scheduler writes it when it listens
dask scheduler --no-dashboard --port 0 --scheduler-file "$rendezvous" &
scheduler=$!
trap 'kill $scheduler 2>/dev/null || true; rm -f "$rendezvous"' EXIT
until [ -s "$rendezvous" ]; do sleep 1; done
address=$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' "$rendezvous")

# --kill-on-bad-exit=0: a worker that dies leaves its tracks to the others.
srun --kill-on-bad-exit=0 dask worker "$address" --nworkers 1 --nthreads "$SLURM_CPUS_PER_TASK" --no-dashboard &

aitunes-train prepare -E fma -S low-dim32 --data-dir "$DATA" --features "$FEATURES" --scheduler "$address" --quiet
