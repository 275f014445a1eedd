#!lua flags=allow-oom
-- resign: ends a candidate's leadership now, if it has it, and calls one of those who would follow.
-- KEYS  1 the sequence
-- ARGV  1 candidate
-- Returns 1. Atomic since the leadership may pass on between the look and the act, and is another's then.
--@include start
if call('GET', LEADER) == ARGV[1] then
  call('DEL', LEADER)
  call_by(VACANT)
end
return 1
