#!lua flags=allow-oom
-- increment: adds to a counter.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 'successful' or 'failed', 6 how much
-- Returns 1. Atomic with the record of the call: one that is repeated counts once.
--@include start
if not earlier_reply(ARGV[2], ARGV[3]) then
  call('INCRBY', ARGV[5] == 'successful' and SUCCESSFUL_TOTAL or FAILED_TOTAL, ARGV[6])
  keep_reply(ARGV[2], ARGV[3], ARGV[4], '')
end
return 1
