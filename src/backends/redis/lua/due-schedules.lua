#!lua flags=no-writes
-- due-schedules: the recurring schedules that are due. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 how many to pass over, 2 how many at most
-- Returns { their names by when they were due, then by name; now; when the next one is due, or '' }
-- Atomic since the instant must be that of the look.
--@include base

local due = call('ZRANGE', SCHEDULES_DUE, '-inf', now, 'BYSCORE', 'LIMIT', ARGV[1], ARGV[2])
local next = call('ZRANGE', SCHEDULES_DUE, '(' .. text(now), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
return { due, text(now), next[2] and text(tonumber(next[2])) or '' }
