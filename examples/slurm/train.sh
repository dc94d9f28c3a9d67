#!/bin/bash
# Train on two nodes with four cards each; submit it again with RESUME=--resume to go on after an interruption.
#   sbatch --export=ALL,DATA=/shared/fma,FEATURES=/shared/features/fma-low examples/slurm/train.sh
#SBATCH --job-name=aitunes-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=16
#SBATCH --time=24:00:00
set -euo pipefail

# The first node is where the processes meet; the job's number keeps two jobs on one node apart.
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun torchrun --nnodes "$SLURM_NNODES" --nproc-per-node "${SLURM_GPUS_ON_NODE:-4}" \
  --rdzv-backend c10d --rdzv-id "$SLURM_JOB_ID" --rdzv-endpoint "$head:$((20000 + SLURM_JOB_ID % 20000))" \
  -m training.cli train -E fma -S low-dim32 --data-dir "$DATA" --features "$FEATURES" \
  --runs /shared/runs --batch-size 512 --quiet ${RESUME:-}
