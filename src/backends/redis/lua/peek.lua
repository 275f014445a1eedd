#!lua flags=no-writes
-- peek: the job that a claim would look at first. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 queue, 2 first entry to look at, 3 how many
-- Returns for each entry, flat: a job's id or a whole envelope, its stored form, and how many entries of that id are
-- cancelled. Only the first granted job where there is one and the look starts at 0.
-- Atomic since an id and its envelope must belong together.
--@include base

local queue, first, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local found = {}
local function look_at(ids, are_listed)
  for _, id in ipairs(ids) do
    found[#found + 1] = id
    found[#found + 1] = call('GET', job_key(id)) or ''
    found[#found + 1] = are_listed and tonumber(call('HGET', cancelled_key(queue), id) or 0) or 0
  end
end
if first == 0 then
  local id = call('ZRANGE', granted_key(queue), 0, 0)[1]
  if id then return { id, call('GET', job_key(id)) or '', 0 } end
end

-- In the order of claims: those of a priority above 0, the list, those below. Entries are counted through all three.
local above = call('ZCOUNT', priority_key(queue), '-inf', 0)
local listed = call('LLEN', queue_key(queue))
local last = first + count - 1
if first < above then look_at(call('ZRANGE', priority_key(queue), first, math.min(last, above - 1)), false) end
if last >= above and first < above + listed then
  look_at(call('LRANGE', queue_key(queue), math.max(first - above, 0), last - above), true)
end
if last >= above + listed then
  look_at(call('ZRANGE', priority_key(queue), math.max(first - listed, above), last - listed), false)
end
return found
