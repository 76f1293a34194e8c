#!/bin/bash
#SBATCH --job-name=ntaa_tf
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --time=24:00:00
#SBATCH --requeue
#
# One worker on each node of a Slurm job. All arguments are flags of adapt:
#
#     sbatch slurm.sh --model=resnet50 --dataset=folder:/shared/images \
#         --workdir=/shared/runs/images
#
# The work directory and the images are on a file system that all nodes share.
# A job that was ended goes on when it is submitted again.
set -euo pipefail

port=$((20000 + SLURM_JOB_ID % 20000))
WORKERS=$(scontrol show hostnames "$SLURM_JOB_NODELIST" |
    sed "s/.*/\"&:$port\"/" | paste -s -d ,)
export WORKERS

# When one worker fails, none is left waiting.
exec srun --kill-on-bad-exit=1 bash -c '
    task="{\"type\": \"worker\", \"index\": $SLURM_PROCID}"
    export TF_CONFIG="{\"cluster\": {\"worker\": [$WORKERS]}, \"task\": $task}"
    exec python -m ntaa_tf.adapt --distribute=multiworker "$@"
' worker "$@"
