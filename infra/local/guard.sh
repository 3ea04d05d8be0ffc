# Kills the processes that it was told of when its standard input ends, which happens when the process that writes to it ends, in any way.
# Each line is "+ PID" for a process that was started or "- PID" for one that has ended. This is a shell script rather than a Node program
# so that it survives `killall node`.
trap '' HUP INT TERM
pids=' '
while read -r change pid; do
  case $change in
    +) pids="$pids$pid " ;;
    -) pids="${pids%% "$pid" *} ${pids#* "$pid" }" ;;
  esac
done
for pid in $pids; do
  kill -KILL "$pid"
done 2>/dev/null
