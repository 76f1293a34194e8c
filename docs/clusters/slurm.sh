#!/bin/bash
#SBATCH --job-name=ntaa_tf
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --time=24:00:00
#SBATCH --requeue
#
# Starts one worker on each node. All arguments are flags of ntaa_tf.adapt:
#
#     sbatch slurm.sh --model=resnet50 --dataset=folder:/shared/images \
#         --workdir=/shared/runs/images
#
# The run directory and the images must be on a file system that all nodes
# share. Submit a stopped job again to continue its run.
set -euo pipefail

port=$((20000 + SLURM_JOB_ID % 20000))
WORKERS=$(scontrol show hostnames "$SLURM_JOB_NODELIST" |
    sed "s/.*/\"&:$port\"/" | paste -s -d ,)
export WORKERS

# If one worker fails, srun ends the others. Otherwise they could wait forever.
exec srun --kill-on-bad-exit=1 bash -c '
    task="{\"type\": \"worker\", \"index\": $SLURM_PROCID}"
    export TF_CONFIG="{\"cluster\": {\"worker\": [$WORKERS]}, \"task\": $task}"
    exec python -m ntaa_tf.adapt --distribute=multiworker "$@"
' worker "$@"
