#!lua flags=allow-oom
-- lead: makes a candidate the leader where there is none, or lets it go on leading.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 candidate, 3 length (ms)
-- Returns 1 when it leads now, 0 when another one does.
-- Atomic since two who find nobody leading must not both begin. The key expires by the server's clock.
--@include start
local leader = call('GET', LEADER)
if leader and leader ~= ARGV[2] then return 0 end
call('SET', LEADER, ARGV[2], 'PX', math.max(1, math.ceil(tonumber(ARGV[3]))))
return 1
