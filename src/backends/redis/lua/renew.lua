#!lua flags=allow-oom
-- renew: extends a worker's lease, unless it is gone.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 worker, 3 length (ms)
-- Returns 1, or 0 when the lease is gone. Atomic since a sweep in between would make a dead lease live again.
--@include start
if not call('ZSCORE', WORKERS, ARGV[2]) then return 0 end
call('ZADD', WORKERS, now + tonumber(ARGV[3]), ARGV[2])
return 1
