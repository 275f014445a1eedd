#!lua flags=allow-oom
-- renew: extends a worker's lease, unless it is gone.
-- KEYS  1 the sequence
-- ARGV  1 worker, 2 length (ms)
-- Returns 1, or 0 when the lease is gone. Atomic since a sweep in between would make a dead lease live again.
--@include base
if not call('ZSCORE', WORKERS, ARGV[1]) then return 0 end
call('ZADD', WORKERS, now + tonumber(ARGV[2]), ARGV[1])
return 1
