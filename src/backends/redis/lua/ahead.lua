#!lua flags=no-writes
-- ahead: how many jobs come up before one that waits, or have waited longer for the key that it is held for. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 id, 2 the most that are counted
-- Returns that number; false where no such job waits or is held.
-- Atomic since a job must not move while it is looked for. Of a list it looks at no more entries than are counted.
--@include base
--@include envelope

local id, most = ARGV[1], tonumber(ARGV[2])
local line = line_of(id)
if not line then return false end
for _, lock in ipairs(locks_of(line)) do
  local rank = call('ZRANK', held_key(lock[1]), id)
  if rank then return math.min(rank, most) end
end
local queue = line[QUEUE]
local rank = call('ZRANK', granted_key(queue), id)
if rank then return math.min(rank, most) end
local granted = call('ZCARD', granted_key(queue))
local above = call('ZCOUNT', priority_key(queue), '-inf', 0)
local listed = call('LLEN', queue_key(queue))
rank = call('ZRANK', priority_key(queue), id)
if rank then return math.min(granted + rank + (rank < above and 0 or listed), most) end
local place = call('LPOS', queue_key(queue), id, 'MAXLEN', most)
if place then return math.min(granted + above + place, most) end
return listed > most and most
