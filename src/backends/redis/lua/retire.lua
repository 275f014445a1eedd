#!lua flags=allow-oom
-- retire: ends a worker's lease now; what it still owns is left to the next sweep.
-- KEYS  1 the sequence
-- ARGV  1 worker
-- Returns 1. Atomic since a lease may only go when nothing is owned under it.
--@include start
if call('ZSCORE', WORKERS, ARGV[1]) then
  if call('EXISTS', processing_key(ARGV[1])) == 1 then
    call('ZADD', WORKERS, now, ARGV[1])
    call_by(DUE_SOONER)
  else
    call('ZREM', WORKERS, ARGV[1])
    call('HDEL', TAKES, ARGV[1])
    call('DEL', cancels_key(ARGV[1]), control_key(ARGV[1]), calm_key(ARGV[1]))
  end
end
return 1
