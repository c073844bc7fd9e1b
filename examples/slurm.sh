#!/usr/bin/env bash
# The cortical microcircuit on two nodes, one rank for each socket: sbatch examples/slurm.sh
# Build once on the cluster: load its MPI module, then `cmake --preset mpi && cmake --build --preset mpi --target synfire`.
#SBATCH --job-name=microcircuit
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=32
#SBATCH --hint=nomultithread
#SBATCH --time=00:30:00
#SBATCH --signal=TERM@120
#SBATCH --output=%x-%j.log

# TERM, two minutes before the time is over, ends the run in order: its file says `stopped` and up to when it is complete.
set -euo pipefail
synfire=${SYNFIRE:-build/mpi/bin/synfire}

# pmix is how srun introduces Open MPI's ranks to each other (`srun --mpi=list`); other libraries need pmi2.
srun --mpi="${SYNFIRE_PMI:-pmix}" --cpus-per-task="$SLURM_CPUS_PER_TASK" --cpu-bind=cores \
  "$synfire" run examples/microcircuit.yaml \
  --set simulation.duration='10 s' --threads "$SLURM_CPUS_PER_TASK" \
  --output "microcircuit-$SLURM_JOB_ID.h5" --report "microcircuit-$SLURM_JOB_ID.json"
