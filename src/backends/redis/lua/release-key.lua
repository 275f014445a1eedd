#!lua flags=allow-oom
-- release-key: frees a unique key that is taken for a time, before that is up.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 the key with its type
-- Returns '1', or '0' where nobody has it, or a job has it of its own.
-- Atomic since a repeat must not free the key of the next job that took it.
--@include start
--@include telling
--@include envelope
--@include unique

local client, number, floor = ARGV[1], ARGV[2], ARGV[3]
local earlier = earlier_reply(client, number)
if earlier then return earlier end

local _, _, _, ends = standing(ARGV[4])
if ends then call('DEL', unique_key(ARGV[4])) end
local reply = ends and '1' or '0'
keep_reply(client, number, floor, reply)
return reply
