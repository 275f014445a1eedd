#!lua flags=allow-oom
-- remove-schedule: removes a recurring schedule; the jobs that it made stay.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 name
-- Returns 1 removed, 0 there is none of this name.
-- Atomic since its three records change together, and a repeat must not remove a later schedule of the same name.
--@include start

local client, number, floor, name = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local earlier = earlier_reply(client, number)
if earlier then return earlier end

local reply = text(call('HDEL', SCHEDULES, name))
call('ZREM', SCHEDULE_NAMES, name)
call('ZREM', SCHEDULES_DUE, name)
keep_reply(client, number, floor, reply)
return reply
