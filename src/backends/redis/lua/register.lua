#!lua flags=allow-oom
-- register: starts a worker's lease.
-- KEYS  1 the sequence
-- ARGV  1 worker, 2 length (ms), 3 what it takes, as JSON, or ''
-- Returns 1. Atomic since the end is reckoned by the server's clock.
--@include start
call('ZADD', WORKERS, now + tonumber(ARGV[2]), ARGV[1])
if ARGV[3] ~= '' then call('HSET', TAKES, ARGV[1], ARGV[3]) end
return 1
