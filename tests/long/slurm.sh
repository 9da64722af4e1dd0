#!/bin/bash
# slurm.sh BNN: a sweep as a job array on a Slurm of this one machine, set up in a temporary folder without systemd and taken down again.
#
# Checked: the array gives the tables of a local run; a task that fails is named and stops no other; a time limit makes checkpoints, requeues
# the task and leads to the same tables; a task takes its cores from SLURM_CPUS_PER_TASK. Needs root (slurmd, munged) and the packages
# slurm-wlm and munge; says so where it cannot run. A minute or three: Slurm's shortest time limit is one minute.
set -euo pipefail
bnn=$(realpath "${1:?usage: slurm.sh BNN}")
skip() { echo "skipped: $*"; exit 0; }
fail() { echo "not ok - $*"; show_logs; exit 1; }
for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || skip "no $program: apt-get install slurm-wlm munge"
done
[ "$(id -u)" -eq 0 ] || skip "slurmd needs root"

work=$(mktemp -d /tmp/bnn-slurm.XXXXXX)
show_logs() { tail -n 5 "$work"/*.log 2>/dev/null || true; cat "$work"/sweep/slurm-*.log 2>/dev/null | tail -n 20 || true; }
daemons=()
stop_all() {
    for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${daemons[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# wait_until SECONDS COMMAND...
wait_until() {
    local tries=$(($1 * 5))
    shift
    for _ in $(seq "$tries"); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
    return 1
}

# ---- munge and Slurm ----------------------------------------------------------------------------------------------------

port=$((20000 + RANDOM % 20000)) host=$(hostname -s)
mkdir -p "$work"/{state,spool,sweep}
chmod 755 "$work"
(umask 077; head -c 128 /dev/urandom >"$work/munge.key")
cat >"$work/slurm.conf" <<END
ClusterName=bnn
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
InactiveLimit=0
KillWait=30
MinJobAge=300
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$work/slurm.conf
munged --foreground --force --key-file "$work/munge.key" --socket "$work/munge.socket" --pid-file "$work/munged.pid" \
    --log-file "$work/munged.log" --seed-file "$work/munge.seed" 2>"$work/munged.err.log" &
daemons+=($!)
wait_until 10 test -S "$work/munge.socket" || fail "munged does not start"
slurmctld -D -f "$SLURM_CONF" -L "$work/slurmctld.log" 2>"$work/slurmctld.err.log" &
daemons+=($!)
slurmd -D -f "$SLURM_CONF" -L "$work/slurmd.log" -N "$host" 2>"$work/slurmd.err.log" &
daemons+=($!)
is_up() { sinfo -h -o %t | grep -q idle; }
wait_until 30 is_up || fail "no node is up: $(sinfo 2>&1 | tail -n 1)"

# ---- the sweeps ---------------------------------------------------------------------------------------------------------

cd "$work/sweep"
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 40; i++) { a = sin(i * 1.7); b = cos(i * 0.9); printf "%.6f,%.6f,%.6f\n", a, b, 2 * a - b } }' >data.csv
cat >array.ini <<'END'
[sweep]
run.seed    = 1:6
method.name = map | bbb
baseline    = method.name=map
[data]
train         = data.csv
test_fraction = 0.25
[net]
hidden = 20
[train]
epochs = 1000
batch  = 10
END
sed 's/^run.seed.*/run.seed = 1:3\noptimizer.lr = 1e-3 | 10\nprior.sd = 1e-300 | 1/; s/^method.name.*/method.name = map/; /^baseline/d' array.ini >fail.ini
sed 's/^run.seed.*/run.seed = 1/; s/^method.name.*/method.name = map/; /^baseline/d' array.ini >long.ini

# submit SWEEP [options of sbatch]: an array; waits until it is out of the queue.
is_over() { [ -z "$(squeue -h -j "$1" 2>/dev/null)" ]; }
submit() {
    local name=$1
    shift
    "$bnn" sweep "$name.ini" -o "$name-slurm" --emit slurm >"$name.sh"
    job=$(sbatch --parsable "$@" "$name.sh")
    wait_until 300 is_over "$job" || fail "$name: job $job is still there: $(squeue -h -j "$job" | head -n 3)"
}
same_tables() { for table in results.csv summary.csv summary.md; do cmp "$1/$table" "$2/$table" || fail "$3"; done; echo "ok - $3"; }

submit array --cpus-per-task=1
[ "$(find array-slurm -name result.json | wc -l)" -eq 12 ] || fail "an array does all its runs"
[ ! -e array-slurm/results.csv ] || fail "no task gathers"
"$bnn" sweep array.ini -o array-slurm -q
"$bnn" sweep array.ini -o array-local -q -j 2
same_tables array-slurm array-local "an array of 12 tasks gives the tables of a local run"

grep -q '"threads": 1' array-slurm/*/result.json || fail "threads come from SLURM_CPUS_PER_TASK"
if [ "$(nproc)" -gt 1 ]; then
    submit fail --cpus-per-task=2
    grep -q '"threads": 2' fail-slurm/*/result.json || fail "threads come from SLURM_CPUS_PER_TASK"
    echo "ok - a task takes its cores from SLURM_CPUS_PER_TASK"
else
    submit fail
fi
code=0
"$bnn" sweep fail.ini -o fail-slurm -q 2>said.txt || code=$?
[ "$code" -eq 1 ] && grep -q '^bnn: run seed=1.* failed: ' said.txt || fail "a failing task is named"
"$bnn" sweep fail.ini -o fail-local -q 2>/dev/null || true
[ "$(grep -c ',finished,' fail-slurm/results.csv)" -ge 3 ] || fail "the others of a failing task finish"
same_tables fail-slurm fail-local "a task that fails is named, the others finish, the tables are those of a local run"

# A run of about 90 s under a limit of two minutes: the script is told 60 s before the end, give or take Slurm's 30. How many epochs that
# are is measured.
begin=$(date +%s%N)
"$bnn" sweep long.ini -o probe -q train.epochs=200000
milliseconds=$((($(date +%s%N) - begin) / 1000000))
sed -i "s/^epochs.*/epochs = $((200000 * 90000 / (milliseconds + 1)))/" long.ini
submit long --time=2
scontrol show job "$job" | grep -q 'Restarts=[1-9]' || fail "a task at its time limit is requeued"
grep -q '"resumed"' long-slurm/run/manifest.json || fail "a requeued task goes on from its checkpoint"
"$bnn" sweep long.ini -o long-slurm -q
"$bnn" sweep long.ini -o long-local -q
same_tables long-slurm long-local "a time limit makes a checkpoint, the task is requeued and ends with the tables of a local run"
