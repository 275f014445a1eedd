#!lua flags=no-writes
-- peek: the job that a claim would look at first. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 queue, 3 first entry to look at, 4 how many
-- Returns for each entry, flat: a job's id or a whole envelope, its stored form, and how many entries of that id are
-- cancelled. Only the first granted job where there is one and the look starts at 0.
-- Atomic since an id and its envelope must belong together.
--@include start

local first, count = tonumber(ARGV[3]), tonumber(ARGV[4])
local found = {}
local function look_at(ids)
  for _, id in ipairs(ids) do
    found[#found + 1] = id
    found[#found + 1] = call('GET', job_key(id)) or ''
    found[#found + 1] = tonumber(call('HGET', cancelled_key(ARGV[2]), id) or 0)
  end
end
if first == 0 then
  local id = call('ZRANGE', granted_key(ARGV[2]), 0, 0)[1]
  if id then return { id, call('GET', job_key(id)) or '', 0 } end
end
look_at(call('LRANGE', queue_key(ARGV[2]), first, first + count - 1))
return found
