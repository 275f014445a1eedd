#!lua flags=no-writes
-- peek: the job that a claim would look at first. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 queue, 3 first entry to look at, 4 how many
-- Returns { the next jobs' ids or whole envelopes and their stored forms, flat; the granted ones first when starting at 0 }
-- Atomic since an id and its envelope must belong together.
--@include start

local first, count = tonumber(ARGV[3]), tonumber(ARGV[4])
local found = {}
local function look_at(ids)
  for _, id in ipairs(ids) do
    found[#found + 1] = id
    found[#found + 1] = call('GET', job_key(id)) or ''
  end
end
if first == 0 then look_at(call('ZRANGE', granted_key(ARGV[2]), 0, 0)) end
if #found == 0 then look_at(call('LRANGE', queue_key(ARGV[2]), first, first + count - 1)) end
return found
