#!lua flags=allow-oom
-- increment: adds to a counter.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 'successful' or 'failed', 5 how much
-- Returns 1. Atomic with the record of the call: one that is repeated counts once.
--@include start
if not earlier_reply(ARGV[1], ARGV[2]) then
  call('INCRBY', ARGV[4] == 'successful' and SUCCESSFUL_TOTAL or FAILED_TOTAL, ARGV[5])
  keep_reply(ARGV[1], ARGV[2], ARGV[3], '')
end
return 1
